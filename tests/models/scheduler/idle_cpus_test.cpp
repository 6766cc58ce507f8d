#include "models/scheduler/idle_cpus.hpp"

#include <catch2/catch.hpp>

#include "sim/random.hpp"

using namespace models::scheduler;

namespace {

// Two caches, siblings numbered last: CPUs 0 and 4 are a core, 1 and 5, 2 and 6, 3 and 7.
CpuMap two_caches() {
  return {.core = {0, 1, 2, 3, 0, 1, 2, 3},
          .llc = {0, 0, 1, 1, 0, 0, 1, 1},
          .node = {0, 0, 0, 0, 0, 0, 0, 0},
          .socket = {0, 0, 0, 0, 0, 0, 0, 0},
          .distance = {{10}}};
}

CpuMap one_cache(int cpus) {
  CpuMap map;
  for (int cpu = 0; cpu < cpus; ++cpu) map.core.push_back(cpu);
  map.llc.assign(map.core.size(), 0);
  map.node.assign(map.core.size(), 0);
  map.distance = {{10}};
  return map;
}

bool anyone(CpuId) {
  return true;
}

}  // namespace

TEST_CASE("The next idle CPU of a cache is the first behind, and round, on an idle core") {
  IdleCpus idle{two_caches()};
  CHECK(idle.count() == 8);
  CHECK(idle.sharing_cache(5) == 4);
  CHECK(idle.near(0, anyone) == 1);
  CHECK(idle.near(5, anyone) == 0);
  idle.flip(1);  // its sibling 5 is idle, its core is not
  CHECK(idle.near(1, anyone) == 4);
  idle.flip(0);
  CHECK(idle.near(0, anyone) == 4);
  CHECK(idle.near(4, anyone) == 5);
  CHECK(idle.near(5, anyone) == 4);
  CHECK(idle.near(2, anyone) == 3);  // the other cache
  CHECK(idle.count() == 6);
  idle.flip(0);
  CHECK(idle.near(5, anyone) == 0);
}

TEST_CASE("A thread finds none where none is idle, or none that it may use") {
  IdleCpus idle{two_caches()};
  CHECK(idle.near(0, [](CpuId cpu) { return cpu == 5; }) == 5);
  CHECK(idle.near(0, [](CpuId cpu) { return cpu == 2; }) == kNoCpu);
  for (const CpuId cpu : {0, 1, 4, 5}) idle.flip(cpu);
  CHECK(idle.near(0, anyone) == kNoCpu);
  CHECK(idle.near(6, anyone) == 7);
}

TEST_CASE("A cache of more CPUs than a word has bits is searched in the same order") {
  const int cpus = 150;
  IdleCpus idle{one_cache(cpus)};
  std::vector<bool> is_idle(cpus, true);
  sim::Random random{1, "idle"};
  for (int step = 0; step < 2000; ++step) {
    const auto cpu = static_cast<CpuId>(random.below(cpus));
    is_idle[static_cast<std::size_t>(cpu)] = !is_idle[static_cast<std::size_t>(cpu)];
    idle.flip(cpu);
    const auto target = static_cast<CpuId>(random.below(cpus));
    const auto third = static_cast<int>(random.below(3));
    const auto allowed = [&](CpuId other) { return other % 3 == third; };
    CpuId expected = kNoCpu;
    for (int behind = 1; behind <= cpus && expected == kNoCpu; ++behind) {
      const CpuId other = (target + behind) % cpus;
      if (is_idle[static_cast<std::size_t>(other)] && allowed(other)) expected = other;
    }
    REQUIRE(idle.near(target, allowed) == expected);
  }
}
