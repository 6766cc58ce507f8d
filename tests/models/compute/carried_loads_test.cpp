#include "models/compute/carried_loads.hpp"

#include <catch2/catch.hpp>
#include <vector>

using models::compute::CarriedLoads;
using sim::Instant;
using namespace sim::literals;

TEST_CASE("A resource has carried its loads, each for as long as it held") {
  CarriedLoads loads{{100.0, 10.0}};
  loads.add(0, 50.0, Instant{});
  loads.add(0, 1e6, Instant{} + 2_s);  // gone at the same instant
  loads.add(0, -1e6, Instant{} + 2_s);
  loads.add(0, -30.0, Instant{} + 2_s);
  loads.add(1, 4.0, Instant{} + 2_s);
  CHECK(loads.load_Bps(0) == 20.0);
  CHECK(loads.carried_B(0) == 100.0);
  loads.follow(Instant{} + 3_s);
  CHECK(loads.carried_B(0) == 120.0);
  CHECK(loads.carried_B(1) == 4.0);
  CHECK(loads.worst().excess == 0.0);
  loads.clear();
  loads.follow(Instant{} + 4_s);
  CHECK(loads.carried_B(0) == 20.0);
}

TEST_CASE("The worst overload is kept, of those that lasted") {
  CarriedLoads loads{{100.0, 10.0}};
  loads.add(0, 110.0, Instant{});
  loads.add(1, 12.0, Instant{});
  loads.add(0, 5.0, Instant{} + 1_s);
  loads.add(1, -11.0, Instant{} + 1_s);
  loads.follow(Instant{} + 2_s);
  loads.clear();
  CHECK(loads.worst().resource == 1);
  CHECK(loads.worst().excess == Approx(0.2));
}

TEST_CASE("Resources whose load has changed are named once, until they are forgotten") {
  CarriedLoads loads{{100.0, 10.0, 1.0}};
  loads.add(2, 1.0, Instant{});
  loads.add(0, 1.0, Instant{});
  loads.add(2, -1.0, Instant{} + 1_s);
  CHECK(loads.changed() == std::vector<int>{2, 0});
  loads.forget_changes();
  CHECK(loads.changed().empty());
  loads.add(2, 1.0, Instant{} + 1_s);
  CHECK(loads.changed() == std::vector<int>{2});
}
