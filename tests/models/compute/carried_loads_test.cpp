#include "models/compute/carried_loads.hpp"

#include <catch2/catch.hpp>

using models::compute::CarriedLoads;
using sim::Instant;
using namespace sim::literals;

TEST_CASE("A resource has carried its loads, each for as long as it held") {
  CarriedLoads loads{{100.0, 10.0}};
  loads.follow(Instant{} + 2_s, {50.0, 0.0});
  loads.follow(Instant{} + 2_s, {1e6, 1e6});  // gone at the same instant
  loads.follow(Instant{} + 3_s, {20.0, 4.0});
  CHECK(loads.carried_B(0) == 120.0);
  CHECK(loads.carried_B(1) == 4.0);
  CHECK(loads.worst().excess == 0.0);
  loads.clear();
  loads.follow(Instant{} + 4_s, {1.0, 1.0});
  CHECK(loads.carried_B(0) == 1.0);
}

TEST_CASE("The worst overload is kept, of those that lasted") {
  CarriedLoads loads{{100.0, 10.0}};
  loads.follow(Instant{} + 1_s, {110.0, 12.0});
  loads.follow(Instant{} + 2_s, {115.0, 1.0});
  loads.clear();
  CHECK(loads.worst().resource == 1);
  CHECK(loads.worst().excess == Approx(0.2));
}
