#include "models/compute/growing_sum.hpp"

#include <catch2/catch.hpp>

using models::compute::GrowingSum;
using namespace sim::literals;

TEST_CASE("a sum grows at each rate for as long as that holds") {
  GrowingSum sum;
  sum.change(10.0, sim::kStart + 1_s);
  sum.change(-4.0, sim::kStart + 3_s);
  CHECK(sum.at(sim::kStart + 4_s) == Approx(20.0 + 6.0));
  sum.change(-7.0, sim::kStart + 4_s);  // rounding: no rate is below zero
  CHECK(sum.at(sim::kStart + 9_s) == Approx(26.0));
}
