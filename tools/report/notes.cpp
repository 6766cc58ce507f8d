#include "tools/report/notes.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "scenarios/alike.hpp"
#include "scenarios/sweep.hpp"

namespace tools::report {

namespace {

using scenarios::Alike;

std::vector<Alike> gathered(const scenarios::StudyResults& results) {
  std::vector<Alike> all;
  std::map<std::string, std::size_t> known;  // where in the list, by what is not a number
  for (std::size_t point = 0; point < results.points.size(); ++point) {
    for (const std::string& note : results.points[point].notes) {
      const auto [at, added] = known.emplace(scenarios::without_digits(note), all.size());
      if (added) {
        all.emplace_back(note, point);
      } else {
        all[at->second].add(note, point);
      }
    }
  }
  return all;
}

std::string line(const Alike& found, const scenarios::StudyResults& results) {
  const std::string from = scenarios::text(results.points[found.from].at);
  if (found.points == 1) {
    const std::string more =
        found.times > 1 ? fmt::format(", and {} more like this", found.times - 1) : "";
    return fmt::format("{}: {}{}.\n", from, found.first, more);
  }
  const std::string where = fmt::format("At {} of {} points", found.points, results.points.size());
  if (found.same) return fmt::format("{}: {}.\n", where, found.first);
  return fmt::format("{}, as with {}: {}.\n", where, from, found.first);
}

}  // namespace

std::string notes(const scenarios::Study& study, const scenarios::StudyResults& results) {
  std::string out;
  for (const std::string& note : study.notes) out += fmt::format("Note: {}.\n", note);
  for (const Alike& found : gathered(results)) out += line(found, results);
  return out;
}

}  // namespace tools::report
