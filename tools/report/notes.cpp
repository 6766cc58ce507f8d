#include "tools/report/notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/sweep.hpp"

namespace tools::report {

namespace {

struct Found {
  std::string pattern;  // the text without its numbers
  std::string_view text;
  std::size_t first;  // points that say so
  std::size_t last;
  std::size_t points = 1;
  std::size_t times = 1;
  bool alike = true;  // numbers, too
};

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

std::vector<Found> gathered(const scenarios::StudyResults& results) {
  std::vector<Found> all;
  for (std::size_t point = 0; point < results.points.size(); ++point) {
    for (const std::string& note : results.points[point].notes) {
      std::string pattern = without_digits(note);
      const auto known = std::find_if(all.begin(), all.end(),
                                      [&](const Found& found) { return found.pattern == pattern; });
      if (known == all.end()) {
        all.push_back({std::move(pattern), note, point, point});
        continue;
      }
      known->alike = known->alike && known->text == note;
      ++known->times;
      if (std::exchange(known->last, point) != point) ++known->points;
    }
  }
  return all;
}

std::string line(const Found& found, const scenarios::StudyResults& results) {
  const std::string first = scenarios::text(results.points[found.first].at);
  if (found.points == 1) {
    const std::string more =
        found.times > 1 ? fmt::format(", and {} more like this", found.times - 1) : "";
    return fmt::format("{}: {}{}.\n", first, found.text, more);
  }
  const std::string where = fmt::format("At {} of {} points", found.points, results.points.size());
  if (found.alike) return fmt::format("{}: {}.\n", where, found.text);
  return fmt::format("{}, as with {}: {}.\n", where, first, found.text);
}

}  // namespace

std::string notes(const scenarios::Study& study, const scenarios::StudyResults& results) {
  std::string out;
  for (const std::string& note : study.notes) out += fmt::format("Note: {}.\n", note);
  for (const Found& found : gathered(results)) out += line(found, results);
  return out;
}

}  // namespace tools::report
