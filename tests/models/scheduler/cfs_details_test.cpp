// CFS in detail: who preempts whom when, and what never happens under any load.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "models/scheduler/cfs.hpp"
#include "tests/models/scheduler/scheduled_host.hpp"

using namespace sim::literals;
using namespace tests;

namespace {

using Host = ScheduledHost<Cfs, CfsTunables>;

// One CPU: no scaling, so 6 ms latency, 0.75 ms granularity, 1 ms wake-up granularity; HZ 1000.
CfsTunables hz1000() {
  CfsTunables tunables;
  tunables.tick_hz = 1000;
  return tunables;
}

}  // namespace

TEST_CASE("two hogs on one CPU take turns of half a latency, at ticks") {
  // ms  0   3   6   9  12     slices of 6 ms / 2, preempted at the tick that ends them
  //     a---b---a---b---
  Host host{cpus(1), hz1000()};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(13, [] {});
  std::vector<double> gaps;
  for (std::size_t i = 2; i < host.log.all.size(); ++i)
    gaps.push_back(host.log.all[i].ms - host.log.all[i - 1].ms);
  REQUIRE(gaps.size() >= 2);
  for (const double gap : gaps) CHECK(gap == Approx(3.0).margin(1.0));  // to the tick
  for (std::size_t i = 1; i < host.log.all.size(); ++i)
    CHECK(host.log.all[i].to != host.log.all[i - 1].to);
}

TEST_CASE("a long sleeper preempts at once, and is given half a latency of credit, no more") {
  // a runs from 0; b, asleep till 50 ms, wakes: its v is set 3 ms behind, beyond 1 ms granularity.
  Host host{cpus(1), hz1000()};
  const GroupId vm = host.scheduler.add_group(1024);
  const ThreadId a = host.thread(vm);
  const ThreadId b = host.thread(vm);
  host.scheduler.wake(b, 0);
  host.at(0.5, [&] { host.scheduler.block(b); });
  host.scheduler.wake(a, 0);
  host.at(50, [&] { host.scheduler.wake(b, 0); });
  CHECK(host.scheduler.running(0) == b);
  // Credit of 3 ms and a slice of 3 ms: a is back within 7 ms, not after the 50 ms it slept less.
  host.at(57, [] {});
  CHECK(std::any_of(host.log.all.begin(), host.log.all.end(),
                    [&](const Switch& s) { return s.to == a && s.ms > 50.0 && s.ms <= 57.0; }));
}

TEST_CASE("who slept for a moment only does not preempt") {
  Host host{cpus(1), hz1000()};
  const GroupId vm = host.scheduler.add_group(1024);
  const ThreadId a = host.thread(vm);
  const ThreadId b = host.thread(vm);
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  // Late in a turn, so that who runs is ahead of who waits.
  for (double ms = 40; host.log.all.back().ms <= 40.0; ms += 0.5) host.at(ms, [] {});
  const double now_ms = host.log.all.back().ms + 2.5;
  host.at(now_ms, [] {});
  const ThreadId first = host.scheduler.running(0);
  host.scheduler.block(first);
  const ThreadId other = host.scheduler.running(0);
  CHECK(other != first);
  host.at(now_ms + 0.1, [&] { host.scheduler.wake(first, 0); });
  CHECK(host.scheduler.running(0) == other);  // 0.1 ms of sleep is within the wake-up granularity
}

TEST_CASE("a yield to who has just had its turn is ignored, unless yields hold") {
  for (const bool hold : {false, true}) {
    CfsTunables tunables = hz1000();
    tunables.yields_hold = hold;
    tunables.wakeup_granularity = 100_us;
    Host host{cpus(1), tunables};
    const GroupId vm = host.scheduler.add_group(1024);
    const ThreadId a = host.thread(vm);
    const ThreadId b = host.thread(vm);
    host.scheduler.wake(a, 0);
    host.scheduler.wake(b, 0);
    host.at(40, [] {});
    const ThreadId before = host.scheduler.running(0);
    double ms = 40;
    while (host.scheduler.running(0) == before) host.at(ms += 0.5, [] {});  // a turn has just ended
    const ThreadId now = host.scheduler.running(0);
    host.at(ms + 0.1, [&] { host.scheduler.yield_to(now, before); });
    CHECK(host.scheduler.running(0) == (hold ? before : now));
  }
}

TEST_CASE("siblings move apart when a core falls idle") {
  Host host{cpus(4, 2)};
  std::vector<ThreadId> threads;
  for (int i = 0; i < 4; ++i) threads.push_back(host.thread());
  for (const ThreadId thread : threads) host.scheduler.wake(thread, 0);
  host.at(20, [] {});
  // Free one core whole.
  for (const ThreadId thread : threads) {
    if (host.scheduler.cpu_of(thread) / 2 == 1) host.scheduler.block(thread);
  }
  host.at(200, [] {});
  std::map<int, int> on_core;
  for (const ThreadId thread : threads) {
    if (host.scheduler.runnable(thread)) ++on_core[host.scheduler.cpu_of(thread) / 2];
  }
  CHECK(on_core[0] == 1);
  CHECK(on_core[1] == 1);
}
