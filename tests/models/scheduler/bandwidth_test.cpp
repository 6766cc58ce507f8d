// Quotas of threads inside groups; those of groups stand in fair_test.cpp.
#include <catch2/catch.hpp>

#include "models/scheduler/cfs.hpp"
#include "models/scheduler/credit.hpp"
#include "models/scheduler/eevdf.hpp"
#include "sim/error.hpp"
#include "tests/models/scheduler/scheduled_host.hpp"

using namespace sim::literals;
using namespace tests;

namespace {

template <class Host>
ThreadId limited(Host& host, GroupId group, LimitId limit) {
  return host.scheduler.add_thread({.group = group, .weight = 1024, .limit = limit, .allowed = {}});
}

}  // namespace

TEMPLATE_TEST_CASE("a thread's quota holds on idle CPUs, and leaves its group's others alone", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  TestType host{cpus(4)};
  const GroupId group = host.scheduler.add_group(1024);
  const ThreadId half = limited(host, group, host.scheduler.add_limit(50_ms, 100_ms));
  const ThreadId fifth = limited(host, group, host.scheduler.add_limit(4_ms, 20_ms));
  const ThreadId free = host.thread(group);
  for (const ThreadId thread : {half, fifth, free}) host.scheduler.wake(thread, 0);
  host.at(10'000);
  CHECK(host.seconds(half) == Approx(5.0).epsilon(0.02));
  CHECK(host.seconds(fifth) == Approx(2.0).epsilon(0.02));
  CHECK(host.seconds(free) == Approx(10.0));
  CHECK(host.scheduler.stats().throttles > 500);
}

TEMPLATE_TEST_CASE("what a thread may not use goes to whom it shares its CPU with", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  TestType host{cpus(1)};
  const LimitId fifth = host.scheduler.add_limit(20_ms, 100_ms);
  const ThreadId held = limited(host, host.scheduler.add_group(1024), fifth);
  const ThreadId free = host.thread();
  host.scheduler.wake(held, 0);
  host.scheduler.wake(free, 0);
  host.at(10'000);
  CHECK(host.seconds(held) == Approx(2.0).epsilon(0.02));
  CHECK(host.seconds(free) == Approx(8.0).epsilon(0.02));
}

TEMPLATE_TEST_CASE("threads of one limit have its quota together", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  TestType host{cpus(4)};
  const GroupId group = host.scheduler.add_group(1024);
  const LimitId limit = host.scheduler.add_limit(60_ms, 100_ms);
  std::vector<ThreadId> threads;
  for (int i = 0; i < 3; ++i) threads.push_back(limited(host, group, limit));
  for (const ThreadId thread : threads) host.scheduler.wake(thread, 0);
  host.at(10'000);
  double all = 0.0;
  for (const ThreadId thread : threads) all += host.seconds(thread);
  CHECK(all == Approx(6.0).epsilon(0.02));
}

TEMPLATE_TEST_CASE("of a group's quota and a thread's own the narrower holds", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  for (const auto& [whole, own, expected] :
       {std::tuple{100_ms, 20_ms, 2.0}, std::tuple{30_ms, 80_ms, 3.0}}) {
    TestType host{cpus(2)};
    const GroupId group =
        host.scheduler.add_group({.shares = 1024, .quota = whole, .period = 100_ms});
    const ThreadId thread = limited(host, group, host.scheduler.add_limit(own, 100_ms));
    host.scheduler.wake(thread, 0);
    host.at(10'000);
    CHECK(host.seconds(thread) == Approx(expected).epsilon(0.03));
  }
}

TEMPLATE_TEST_CASE("a thread that sleeps gives back what it took of its quota", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  TestType host{cpus(1)};
  const ThreadId thread =
      limited(host, host.scheduler.add_group(1024), host.scheduler.add_limit(30_ms, 100_ms));
  // 1 ms in each 4: 25 of 100.
  for (int i = 0; i < 500; ++i) {
    host.at(4.0 * i, [&] { host.scheduler.wake(thread, 0); });
    host.at(4.0 * i + 1, [&] { host.scheduler.block(thread); });
  }
  CHECK(host.scheduler.stats().throttles == 0);
  CHECK(host.seconds(thread) == Approx(0.5));
}

TEMPLATE_TEST_CASE("a thread without time is neither yielded to nor moved", "",
                   (ScheduledHost<Cfs, CfsTunables>), (ScheduledHost<Eevdf, EevdfTunables>)) {
  TestType host{cpus(2)};
  const ThreadId held =
      limited(host, host.scheduler.add_group(1024), host.scheduler.add_limit(10_ms, 100_ms));
  host.scheduler.wake(held, 0);
  host.at(50);
  CHECK(host.scheduler.runnable(held));
  CHECK(host.scheduler.running(host.scheduler.cpu_of(held)) == kNoThread);
  const CpuId there = host.scheduler.cpu_of(held);
  host.scheduler.allow(held, {1 - there});
  CHECK(host.scheduler.cpu_of(held) == there);
  host.at(1000);
  CHECK(host.seconds(held) == Approx(0.1).epsilon(0.1));
}

TEST_CASE("a policy without quotas of threads says so") {
  ScheduledHost<Credit, CreditTunables> host{cpus(1)};
  CHECK_THROWS_AS(host.scheduler.add_limit(10_ms, 100_ms), sim::ModelError);
}
