#include "scenarios/design.hpp"

#include <algorithm>

namespace scenarios {
namespace {

using Matrix = std::vector<std::vector<int>>;

// h h / h -h
Matrix doubled(const Matrix& h) {
  const std::size_t n = h.size();
  Matrix twice(2 * n, std::vector<int>(2 * n, 1));
  for (std::size_t i = 0; i < 2 * n; ++i)
    for (std::size_t j = 0; j < 2 * n; ++j)
      twice[i][j] = h[i % n][j % n] * (i >= n && j >= n ? -1 : 1);
  return twice;
}

Matrix hadamard(std::size_t runs) {
  Matrix h{{1}};
  while (h.size() < runs) h = doubled(h);
  return h;
}

}  // namespace

std::vector<std::vector<int>> two_level_design(std::size_t factors, std::size_t most) {
  if (factors == 0) return {};
  const std::size_t runs = std::min((factors + 3) / 4 * 4, most);
  const Matrix h = hadamard(runs);
  Matrix design(runs, std::vector<int>(factors, 1));
  // The column of ones last: balanced columns cancel what all runs have in common.
  for (std::size_t r = 0; r < runs; ++r) {
    for (std::size_t f = 0; f < factors; ++f) {
      const bool turned = f >= runs && (f / runs + f) % 2 == 1;
      design[r][f] = h[r][(f + 1) % runs] * (turned ? -1 : 1);
    }
  }
  return design;
}

}  // namespace scenarios
