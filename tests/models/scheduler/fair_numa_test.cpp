// Threads that a kernel balancing NUMA nodes sends towards their memory.
#include <catch2/catch.hpp>

#include "models/scheduler/cfs.hpp"
#include "tests/models/scheduler/scheduled_host.hpp"

using namespace sim::literals;
using namespace tests;

namespace {

// Two nodes of `each` CPUs.
CpuMap two_nodes(int each) {
  CpuMap map;
  for (int cpu = 0; cpu < 2 * each; ++cpu) {
    map.core.push_back(cpu);
    map.llc.push_back(cpu / each);
    map.node.push_back(cpu / each);
  }
  map.distance = {{10, 21}, {21, 10}};
  return map;
}

// Every thread has all its memory on one node.
struct Homes final : Localities {
  int group(ThreadId) const override { return -1; }
  double weight(ThreadId thread, int node) const override {
    const auto found = of.find(thread);
    return found != of.end() && found->second == node ? 1000 : 0;
  }
  double group_weight(ThreadId, int) const override { return 0; }
  std::map<ThreadId, int> of;
};

struct Host : ScheduledHost<Cfs, CfsTunables> {
  explicit Host(int each) : ScheduledHost{two_nodes(each)} { scheduler.watch(&homes); }
  Homes homes;
};

}  // namespace

TEST_CASE("a thread moves to an idle CPU of the node that has its memory", "[numa]") {
  Host host{2};
  const ThreadId thread = host.thread();
  host.at(0, [&] { host.scheduler.wake(thread, 0); });
  const int home = 1 - host.scheduler.cpu_of(thread) / 2;
  host.homes.of[thread] = home;
  host.at(10, [&] {
    const NumaMove move = host.scheduler.move_near(thread, home, false);
    CHECK(move.moved);
    CHECK(move.node == home);
  });
  CHECK(host.scheduler.cpu_of(thread) / 2 == home);
  CHECK(host.scheduler.running(host.scheduler.cpu_of(thread)) == thread);
}

TEST_CASE("two threads each on the other's node change places", "[numa]") {
  Host host{1};
  const ThreadId a = host.thread(), b = host.thread();
  host.at(0, [&] { host.scheduler.wake(a, 0); });
  host.at(0, [&] { host.scheduler.wake(b, 1); });
  host.at(10);
  const CpuId of_a = host.scheduler.cpu_of(a), of_b = host.scheduler.cpu_of(b);
  REQUIRE(of_a != of_b);
  host.homes.of = {{a, of_b}, {b, of_a}};
  CHECK(host.scheduler.move_near(a, of_b, false).moved);
  CHECK(host.scheduler.cpu_of(a) == of_b);
  CHECK(host.scheduler.cpu_of(b) == of_a);
}

TEST_CASE("nobody makes room for a thread that gains no more than it costs", "[numa]") {
  Host host{1};
  const ThreadId a = host.thread(), b = host.thread();
  host.at(0, [&] { host.scheduler.wake(a, 0); });
  host.at(0, [&] { host.scheduler.wake(b, 1); });
  host.at(10);
  const CpuId of_b = host.scheduler.cpu_of(b);
  host.homes.of = {{a, of_b}, {b, of_b}};
  CHECK_FALSE(host.scheduler.move_near(a, of_b, false).moved);
  CHECK(host.scheduler.cpu_of(b) == of_b);
}

TEST_CASE("a thread whose CPUs are taken away runs on at once where it may", "[numa]") {
  Host host{2};
  const ThreadId thread = host.thread();
  host.at(0, [&] { host.scheduler.wake(thread, 0); });
  const int other = 1 - host.scheduler.cpu_of(thread) / 2;
  host.at(10, [&] { host.scheduler.allow(thread, {2 * other, 2 * other + 1}); });
  CHECK(host.scheduler.cpu_of(thread) / 2 == other);
  CHECK(host.scheduler.running(host.scheduler.cpu_of(thread)) == thread);
  CHECK_THROWS(host.scheduler.allow(thread, {}));
}
