#include "models/scheduler/credit.hpp"

#include <cmath>

#include "tests/models/scheduler/scheduled_host.hpp"

using Host = tests::ScheduledHost<models::scheduler::Credit, models::scheduler::CreditTunables>;
using namespace models::scheduler;
using tests::cpus;

TEST_CASE("credit: weights divide a CPU", "[credit]") {
  Host host{cpus(1)};
  const ThreadId light = host.thread(host.scheduler.add_group(1024));  // weight 256
  const ThreadId heavy = host.thread(host.scheduler.add_group(2048));  // weight 512
  host.scheduler.wake(light, 0);
  host.scheduler.wake(heavy, 0);
  host.at(60'000);
  CHECK(host.seconds(light) / 60 == Approx(1.0 / 3).margin(0.01));
  CHECK(host.seconds(light) + host.seconds(heavy) == Approx(60.0));
}

// semantics.md 2.1: unlike cpu.shares, the weight acts for each active vCPU.
TEST_CASE("credit: a domain of two vCPUs gets twice what one of one gets", "[credit]") {
  Host host{cpus(1)};
  const GroupId wide = host.scheduler.add_group(1024);
  const ThreadId a = host.thread(wide);
  const ThreadId b = host.thread(wide);
  const ThreadId c = host.thread();
  for (const ThreadId id : {a, b, c}) host.scheduler.wake(id, 0);
  host.at(60'000);
  for (const ThreadId id : {a, b, c}) CHECK(host.seconds(id) / 60 == Approx(1.0 / 3).margin(0.02));
}

TEST_CASE("credit: equals take turns of whole time slices", "[credit]") {
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(6'000);
  CHECK(host.seconds(a) == Approx(3.0).margin(0.061));
  REQUIRE(host.log.all.size() > 90);
  for (const tests::Switch& turn : host.log.all)
    CHECK(std::remainder(turn.ms, 30.0) == Approx(0.0).margin(1e-6));
}

TEST_CASE("credit: one that wakes with credit is boosted past a hog, after the rate limit",
          "[credit]") {
  Host host{cpus(1)};
  const ThreadId hog = host.thread();
  const ThreadId sleeper = host.thread();
  host.scheduler.wake(sleeper, 0);
  host.scheduler.block(sleeper);
  host.scheduler.wake(hog, 0);
  host.at(5.0, [&] { host.scheduler.wake(sleeper, 0); });
  CHECK(host.scheduler.running(0) == sleeper);
  host.at(6.0, [&] { host.scheduler.block(sleeper); });  // the hog runs from 6 ms
  host.at(6.4, [&] { host.scheduler.wake(sleeper, 0); });
  CHECK(host.scheduler.running(0) == hog);  // has not had its millisecond
  host.at(7.1);
  CHECK(host.scheduler.running(0) == sleeper);
}

TEST_CASE("credit: boost ends at the tick", "[credit]") {
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.block(a);
  host.scheduler.wake(b, 0);
  host.at(2, [&] { host.scheduler.wake(a, 0); });  // boosted: runs at once, and goes on running
  host.at(31.5);
  CHECK(host.scheduler.running(0) == a);  // its slice began at 2 ms
  host.at(32.5);
  CHECK(host.scheduler.running(0) == b);  // at its end it is UNDER like the other
}

TEST_CASE("credit: a capped domain is parked, and the CPU idles", "[credit]") {
  Host host{cpus(2)};
  const GroupId capped =
      host.scheduler.add_group(GroupConfig{.shares = 1024,
                                           .quota = sim::Duration{50'000'000'000},
                                           .period = sim::Duration{100'000'000'000}});
  const ThreadId a = host.thread(capped);
  host.scheduler.wake(a, 0);
  host.at(60'000);
  CHECK(host.seconds(a) / 60 == Approx(0.5).margin(0.03));
  CHECK(host.scheduler.stats().throttles > 100);
}

TEST_CASE("credit: no CPU idles while somebody waits", "[credit]") {
  Host host{cpus(4)};
  std::vector<ThreadId> all;
  for (int i = 0; i < 6; ++i) all.push_back(host.thread());
  for (const ThreadId id : all) host.scheduler.wake(id, 0);
  host.at(10'000);
  CHECK(host.log.running.size() == 4);
  host.log.settle();
  CHECK(host.log.ran_s[kNoThread] == Approx(0.0).margin(1e-6));
  for (const ThreadId id : all) CHECK(host.seconds(id) / 10 == Approx(4.0 / 6).margin(0.05));
}

TEST_CASE("credit: a CPU that falls idle steals what waits elsewhere", "[credit]") {
  Host host{cpus(2)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  const ThreadId c = host.thread();
  for (const ThreadId id : {a, b, c}) host.scheduler.wake(id, 0);
  host.at(5);
  const ThreadId leaving = host.scheduler.running(1);
  host.scheduler.block(leaving);
  CHECK(host.scheduler.running(1) == c);
  CHECK(host.scheduler.stats().migrations >= 1);
}

TEST_CASE("credit: at a tick a vCPU leaves a shared core for an idle one", "[credit]") {
  Host host{cpus(4, 2)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  const ThreadId c = host.thread();
  for (const ThreadId id : {a, b, c}) host.scheduler.wake(id, 0);  // c shares a core
  host.at(25, [&] { host.scheduler.block(a); });
  host.at(60);  // b and c have a core each
  CHECK(host.scheduler.cpu_of(b) / 2 != host.scheduler.cpu_of(c) / 2);
}

TEST_CASE("credit: pinned vCPUs stay where they are allowed", "[credit]") {
  Host host{cpus(2)};
  const GroupId group = host.scheduler.add_group(1024);
  const ThreadId a = host.scheduler.add_thread({.group = group, .weight = 1024, .allowed = {1}});
  const ThreadId b = host.scheduler.add_thread({.group = group, .weight = 1024, .allowed = {1}});
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(10'000);
  CHECK(host.scheduler.running(0) == kNoThread);
  CHECK(host.seconds(a) == Approx(5.0).margin(0.1));
}
