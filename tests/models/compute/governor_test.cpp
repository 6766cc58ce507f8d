#include "models/compute/governor.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace sim::literals;
using namespace models;
using compute::CoreGovernor;
using topology::Governor;

namespace {

// From the lowest clock of 1 GHz to the highest of 3: asleep for a second, then awake.
std::vector<double> clocks_GHz(Governor kind, int samples) {
  CoreGovernor governor{kind, sim::Hertz{1e9}, sim::Hertz{3e9}};
  sim::Instant now = sim::kStart + 1_s;
  governor.wake(now);
  std::vector<double> seen{governor.clock_Hz() / 1e9};
  for (int i = 0; i < samples; ++i) {
    now += governor.interval();
    governor.sample(now);
    seen.push_back(governor.clock_Hz() / 1e9);
  }
  return seen;
}

}  // namespace

TEST_CASE("ondemand and intel_pstate are at the highest clock one sample after a core wakes") {
  CHECK(clocks_GHz(Governor::ondemand, 2) == std::vector<double>{1.0, 3.0, 3.0});
  CHECK(clocks_GHz(Governor::intel_pstate, 2) == std::vector<double>{1.0, 3.0, 3.0});
}

TEST_CASE("schedutil follows an average that halves each 32 ms") {
  // 1.25 x 3 GHz x (1 - 2^(-t / 32 ms)) after 10, 20, 30, 40, 50, 60, 70, 80 ms.
  const std::vector<double> seen = clocks_GHz(Governor::schedutil, 8);
  CHECK(seen[1] == 1.0);
  for (const int i : {2, 3, 4, 5, 6, 7})
    CHECK(seen[static_cast<std::size_t>(i)] == Approx(3.75 * (1.0 - std::exp2(-10.0 * i / 32.0))));
  CHECK(seen[8] == 3.0);
}

TEST_CASE("the processor's own control goes up its range in 35 ms") {
  const std::vector<double> seen = clocks_GHz(Governor::hwp, 35);
  CHECK(seen[7] == Approx(1.4));
  CHECK(seen[34] < 3.0);
  CHECK(seen[35] == Approx(3.0));
}

TEST_CASE("a core that is half busy settles where intel_pstate puts it") {
  CoreGovernor governor{Governor::intel_pstate, sim::Hertz{1e9}, sim::Hertz{4e9}};
  sim::Instant now = sim::kStart;
  for (int i = 0; i < 40; ++i) {  // 5 of 10 ms: 1.25 x 4 x 0.5 = 2.5 GHz
    governor.wake(now);
    governor.sleep(now + 5_ms);
    now += 10_ms;
  }
  governor.wake(now);
  CHECK(governor.clock_Hz() == Approx(2.5e9).epsilon(1e-3));
}

TEST_CASE("ondemand takes the load before a sleep for the first sample after it, once") {
  CoreGovernor governor{Governor::ondemand, sim::Hertz{1e9}, sim::Hertz{3e9}};
  governor.wake(sim::kStart + 1_s);
  governor.sample(sim::kStart + 1_s + 10_ms);  // all of it
  governor.sleep(sim::kStart + 1_s + 10_ms);
  governor.wake(sim::kStart + 2_s);
  CHECK(governor.clock_Hz() == 3e9);
  governor.sleep(sim::kStart + 2_s);
  governor.wake(sim::kStart + 3_s);
  CHECK(governor.clock_Hz() == 1e9);
}
