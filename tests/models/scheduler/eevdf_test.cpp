#include "models/scheduler/eevdf.hpp"

#include <catch2/catch.hpp>

#include "tests/models/scheduler/scheduled_host.hpp"

using namespace tests;

namespace {

// One CPU: base slice 0.7 ms unscaled, HZ 250, so turns end at ticks of 4 ms.
using Host = ScheduledHost<Eevdf, EevdfTunables>;

}  // namespace

TEST_CASE("two hogs take turns of a tick, because their slice is shorter than one") {
  // ms  0   4   8  12  16
  //     a---b---a---b---
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(41);
  REQUIRE(host.log.all.size() >= 9);
  for (std::size_t i = 3; i < host.log.all.size(); ++i) {
    CHECK(host.log.all[i].ms - host.log.all[i - 1].ms == Approx(4.0));
    CHECK(host.log.all[i].to != host.log.all[i - 1].to);
  }
}

TEST_CASE("who is owed time preempts at once, and waits when it has spent what it was owed") {
  // While b waits t for its turn it is owed t / 2 more; a burst of 1 ms spends half a millisecond.
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  int at_once = 0;
  int waited = 0;
  double ms = 100.5;
  host.at(ms, [&] { host.scheduler.wake(b, 0); });
  for (int burst = 0; burst < 60; ++burst) {
    host.scheduler.running(0) == b ? ++at_once : ++waited;
    while (host.scheduler.running(0) != b) host.at(ms += 0.01);
    host.at(ms += 1.0);
    if (host.scheduler.running(0) != b) {
      while (host.scheduler.running(0) != b) host.at(ms += 0.01);
    }
    host.scheduler.block(b);
    host.at(ms += 10.065, [&] { host.scheduler.wake(b, 0); });
  }
  // Linux 6.18: three of four wake-ups at once (validation/data/linux-eevdf-wake.toml).
  CHECK(at_once > 35);
  CHECK(waited > 9);
}

TEST_CASE("a long sleep earns no credit beyond what was owed") {
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(b, 0);
  host.at(1, [&] { host.scheduler.block(b); });
  host.scheduler.wake(a, 0);
  host.at(5000, [&] { host.scheduler.wake(b, 0); });
  host.at(5400);
  // From 5 000 to 5 400 ms they share alike: b has not 5 s to catch up with.
  CHECK(host.seconds(b) == Approx(0.201).margin(0.006));
}

TEST_CASE("weights set the rate at which virtual time passes") {
  Host host{cpus(1)};
  const ThreadId a = host.thread(host.scheduler.add_group(1024));
  const ThreadId b = host.thread(host.scheduler.add_group(3072));
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(4000);
  CHECK(host.seconds(b) == Approx(3.0).margin(0.02));
}
