#include "scenarios/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

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

}  // namespace

ScenarioError::ScenarioError(std::vector<Problem> problems)
    : sim::ConfigError{listed(problems)}, problems_{std::move(problems)} {}

void Problems::add_points(const std::vector<Problems>& points,
                          const std::vector<std::string>& where) {
  std::map<decltype(key(Problem{})), std::size_t> first;  // point that has it
  std::map<decltype(key(Problem{})), std::size_t> times;
  for (std::size_t point = 0; point < points.size(); ++point) {
    std::set<decltype(key(Problem{}))> here;
    for (const Problem& p : points[point].list_) {
      if (!here.insert(key(p)).second) continue;
      first.emplace(key(p), point);
      ++times[key(p)];
    }
  }
  for (std::size_t point = 0; point < points.size(); ++point) {
    for (const Problem& p : points[point].list_) {
      if (first.at(key(p)) != point) continue;
      Problem& added = list_.emplace_back(p);
      if (times.at(key(p)) < points.size()) added.text += fmt::format(" (with {})", where[point]);
    }
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
