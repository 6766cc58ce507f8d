#include "tools/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace tools {

namespace {

// Levenshtein's distance, row by row: row[j] = distance of a's first i letters to b's first j.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string suggestion(std::string_view given, const std::vector<std::string>& names) {
  // A third of the letters wrong is still a typo; more is another word.
  std::size_t best = given.size() / 3 + 2;
  std::string_view nearest;
  for (const std::string& name : names) {
    const std::size_t d = distance(given, name);
    if (d >= best) continue;
    best = d;
    nearest = name;
  }
  return nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest);
}

}  // namespace tools
