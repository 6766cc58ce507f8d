#include "models/compute/idle_states.hpp"

#include <catch2/catch.hpp>
#include <vector>

using models::compute::IdleGovernor;
using namespace sim::literals;

namespace {

const std::vector<models::topology::IdleState> kStates{
    {"C1", 2_us, 2_us}, {"C3", 80_us, 200_us}, {"C6", 104_us, 345_us}};

sim::Duration after(IdleGovernor& governor, std::vector<sim::Duration> times, bool shared = false) {
  for (const sim::Duration time : times) {
    governor.enter();
    governor.leave(time, shared);
  }
  governor.enter();
  return governor.leave(1_us, shared);
}

}  // namespace

TEST_CASE("a core without sleep states wakes at once") {
  const std::vector<models::topology::IdleState> none;
  IdleGovernor governor{none};
  CHECK(after(governor, {1_ms, 1_ms}) == 0_us);
}

TEST_CASE("nothing is known at first, so the first sleep is the deepest") {
  IdleGovernor governor{kStates};
  CHECK(after(governor, {}) == 104_us);
}

TEST_CASE("the state fits what the last idle times were") {
  IdleGovernor brief{kStates};
  CHECK(after(brief, std::vector<sim::Duration>(8, 30_us)) == 2_us);
  IdleGovernor medium{kStates};
  CHECK(after(medium, std::vector<sim::Duration>(8, 250_us)) == 80_us);
  IdleGovernor tiny{kStates};
  CHECK(after(tiny, std::vector<sim::Duration>(8, 1_us)) == 0_us);
}

TEST_CASE("two outliers of eight are left out, more are not") {
  IdleGovernor two{kStates};
  CHECK(after(two, {30_us, 30_us, 5_ms, 30_us, 30_us, 30_us, 5_ms, 30_us}) == 2_us);
  IdleGovernor four{kStates};
  CHECK(after(four, {30_us, 5_ms, 5_ms, 30_us, 5_ms, 30_us, 5_ms, 30_us}) == 104_us);
}

TEST_CASE("a core whose sibling is awake sleeps no deeper than the first state") {
  IdleGovernor governor{kStates};
  CHECK(after(governor, {}, true) == 2_us);
}

TEST_CASE("the governor goes by the worst latency, a wake-up takes what was measured") {
  std::vector<models::topology::IdleState> measured = kStates;
  measured[2].wake = 40_us;
  IdleGovernor governor{measured};
  CHECK(after(governor, {}) == 40_us);
  CHECK(after(governor, std::vector<sim::Duration>(8, 250_us)) == 80_us);
}
