#include "models/vmm/grace_periods.hpp"

#include <catch2/catch.hpp>

using namespace models::vmm;
using namespace sim::literals;

namespace {

sim::Instant at(sim::Duration t) {
  return sim::kStart + t;
}

}  // namespace

// Ticks each 4 ms.
TEST_CASE(
    "a grace period ends with the second tick after its beginning, its callbacks with the next") {
  GracePeriods rcu{250};
  CHECK(rcu.after(at(1_ms)) == at(12_ms));
}

TEST_CASE("who asks while one is under way waits for the next, which all of them share") {
  GracePeriods rcu{250};
  CHECK(rcu.after(at(1_ms)) == at(12_ms));  // until 8 ms
  CHECK(rcu.after(at(2_ms)) == at(20_ms));  // from 8 to 16 ms
  CHECK(rcu.after(at(7_ms)) == at(20_ms));
  CHECK(rcu.after(at(9_ms)) == at(28_ms));
}

TEST_CASE("who asks at the same instant shares the grace period") {
  GracePeriods rcu{1000};
  CHECK(rcu.after(at(10_ms)) == at(13_ms));
  CHECK(rcu.after(at(10_ms)) == at(13_ms));
}
