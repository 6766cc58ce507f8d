#include "scenarios/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
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

}  // namespace

ScenarioError::ScenarioError(std::vector<Problem> problems)
    : sim::ConfigError{listed(problems)}, problems_{std::move(problems)} {}

void Problems::raise() {
  if (list_.empty()) return;
  const auto key = [](const Problem& p) { return std::tie(p.file, p.line, p.column, p.text); };
  std::stable_sort(list_.begin(), list_.end(),
                   [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
  list_.erase(std::unique(list_.begin(), list_.end(),
                          [&](const Problem& a, const Problem& b) { return key(a) == key(b); }),
              list_.end());
  throw ScenarioError{std::move(list_)};
}

}  // namespace scenarios
