#include "scenarios/design.hpp"

#include <catch2/catch.hpp>

using namespace scenarios;

namespace {

int product(const std::vector<std::vector<int>>& design, std::size_t a, std::size_t b) {
  int sum = 0;
  for (const auto& run : design) sum += run.at(a) * run.at(b);
  return sum;
}

}  // namespace

TEST_CASE("columns of a two-level design are orthogonal") {
  CHECK(two_level_design(0, kMostRuns).empty());
  for (std::size_t factors = 1; factors <= kMostRuns; ++factors) {
    const auto design = two_level_design(factors, kMostRuns);
    INFO(factors << " factors in " << design.size() << " runs");
    CHECK(design.size() % 4 == 0);
    CHECK(design.size() >= factors);
    CHECK(design.size() < factors + 4);
    for (std::size_t a = 0; a < factors; ++a) {
      for (std::size_t b = 0; b < a; ++b) CHECK(product(design, a, b) == 0);
    }
  }
}

TEST_CASE("more factors than runs share columns, as evenly as they can") {
  const auto design = two_level_design(20, kMostRuns);
  CHECK(design.size() == kMostRuns);
  for (std::size_t a = 0; a < 20; ++a) {
    int shared = 0;
    for (std::size_t b = 0; b < 20; ++b) shared += a != b && product(design, a, b) != 0 ? 1 : 0;
    CHECK(shared <= 2);
  }
}
