#include <catch2/catch.hpp>

#include "models/compute/profile.hpp"
#include "sim/error.hpp"

using namespace sim::literals;
using models::compute::MissCurve;

TEST_CASE("a miss curve is linear between its points and constant outside") {
  const MissCurve curve{{{1_MiB, 0.8}, {3_MiB, 0.2}}};
  constexpr double kMiB = 1 << 20;
  CHECK(curve(0.0) == 0.8);
  CHECK(curve(1 * kMiB) == Approx(0.8));
  CHECK(curve(2 * kMiB) == Approx(0.5));
  CHECK(curve(2.5 * kMiB) == Approx(0.35));
  CHECK(curve(100 * kMiB) == 0.2);
}

TEST_CASE("no curve is no misses, one point is one ratio") {
  CHECK(MissCurve{}(1e6) == 0.0);
  CHECK((MissCurve{{{1_MiB, 0.4}}})(5.0) == 0.4);
}

TEST_CASE("a curve that rises, or is no ratio, is refused") {
  CHECK_THROWS_AS((MissCurve{{{1_MiB, 0.2}, {2_MiB, 0.3}}}), sim::ConfigError);
  CHECK_THROWS_AS((MissCurve{{{2_MiB, 0.3}, {1_MiB, 0.2}}}), sim::ConfigError);
  CHECK_THROWS_AS((MissCurve{{{1_MiB, 1.2}}}), sim::ConfigError);
  CHECK_THROWS_AS((MissCurve{{{1_MiB, -0.1}}}), sim::ConfigError);
}
