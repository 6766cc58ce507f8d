#include "scenarios/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "scenarios/alike.hpp"

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
  std::map<std::tuple<std::string, int, int, std::string>, std::pair<const Problem*, Alike>> all;
  for (std::size_t point = 0; point < points.size(); ++point) {
    for (const Problem& p : points[point].list_) {
      const auto [found, added] = all.try_emplace(
          {p.file, p.line, p.column, without_digits(p.text)}, &p, Alike{p.text, point});
      if (!added) found->second.second.add(p.text, point);
    }
  }
  for (const auto& [place, found] : all) {
    const auto& [problem, alike] = found;
    Problem& added = list_.emplace_back(*problem);
    if (alike.points == points.size() && alike.same) continue;
    const std::size_t more = alike.points - 1;
    added.text += fmt::format(" (with {}{})", where[alike.from],
                              more == 0 ? "" : fmt::format(", and {} more", more));
  }
}

std::string Problems::text() const {
  std::string all;
  for (const Problem& p : list_) all += (all.empty() ? "" : "; ") + p.text;
  return all;
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
