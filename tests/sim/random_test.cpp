#include "sim/random.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>

// Bounds are 5 standard errors: each fails by chance with probability 6e-7.
TEST_CASE("distributions have their means", "[random]") {
  sim::Random random{1, "means"};
  constexpr int kDraws = 200'000;
  double uniform = 0, exponential = 0, normal = 0;
  std::array<int, 3> thirds{};
  for (int i = 0; i < kDraws; ++i) {
    uniform += random.uniform();
    exponential += random.exponential(2.0);
    normal += random.normal(3.0, 1.0);
    ++thirds[random.below(3)];
  }
  CHECK(uniform / kDraws == Approx(0.5).margin(5 * 0.2887 / std::sqrt(kDraws)));
  CHECK(exponential / kDraws == Approx(2.0).margin(5 * 2.0 / std::sqrt(kDraws)));
  CHECK(normal / kDraws == Approx(3.0).margin(5 * 1.0 / std::sqrt(kDraws)));
  for (const int third : thirds) {
    CHECK(static_cast<double>(third) / kDraws ==
          Approx(1 / 3.0).margin(5 * 0.4714 / std::sqrt(kDraws)));
  }
}

TEST_CASE("draws are the same on every platform", "[random]") {
  sim::Random random{42, "pinned"};
  sim::Random again{42, "pinned"};
  for (int i = 0; i < 100; ++i) REQUIRE(random.bits() == again.bits());
}
