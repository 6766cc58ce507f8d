#include "scenarios/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace scenarios {
namespace {

std::string listed(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& p : problems) {
    if (!text.empty()) text += '\n';
    if (p.line > 0) {
      text += fmt::format("{}:{}:{}: {}", p.file, p.line, p.column, p.text);
    } else {
      text += fmt::format("{}: {}", p.file, p.text);
    }
  }
  return text;
}

auto key(const Problem& p) {
  return std::tie(p.file, p.line, p.column, p.text);
}

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

}  // namespace

ScenarioError::ScenarioError(std::vector<Problem> problems)
    : sim::ConfigError{listed(problems)}, problems_{std::move(problems)} {}

void Problems::add_points(const std::vector<Problems>& points,
                          const std::vector<std::string>& where) {
  struct Found {
    const Problem* problem;
    std::size_t first, last;  // points that have it
    std::size_t times = 1;
    bool alike = true;  // numbers, too
  };
  std::map<std::tuple<std::string, int, int, std::string>, Found> all;
  for (std::size_t point = 0; point < points.size(); ++point) {
    for (const Problem& p : points[point].list_) {
      const auto [at, added] = all.try_emplace({p.file, p.line, p.column, without_digits(p.text)},
                                               Found{&p, point, point});
      Found& found = at->second;
      found.alike = found.alike && found.problem->text == p.text;
      if (std::exchange(found.last, point) != point) ++found.times;
    }
  }
  for (const auto& [place, found] : all) {
    Problem& added = list_.emplace_back(*found.problem);
    if (found.times == points.size() && found.alike) continue;
    const std::size_t more = found.times - 1;
    added.text += fmt::format(" (with {}{})", where[found.first],
                              more == 0 ? "" : fmt::format(", and {} more", more));
  }
}

void Problems::raise() {
  if (list_.empty()) return;
  std::stable_sort(list_.begin(), list_.end(),
                   [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
  list_.erase(std::unique(list_.begin(), list_.end(),
                          [&](const Problem& a, const Problem& b) { return key(a) == key(b); }),
              list_.end());
  throw ScenarioError{std::move(list_)};
}

}  // namespace scenarios
