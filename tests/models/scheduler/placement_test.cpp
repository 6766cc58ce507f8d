#include <catch2/catch.hpp>

#include "models/scheduler/cfs.hpp"
#include "tests/models/scheduler/scheduled_host.hpp"

using namespace tests;

namespace {

// Two nodes of two CPUs, each with a last-level cache; a thread that last ran on CPU 2.
struct TwoNodes : ScheduledHost<Cfs, CfsTunables> {
  explicit TwoNodes(bool by_load) : ScheduledHost{map(), tunables(by_load)} {}
  static CpuMap map() {
    CpuMap made = cpus(4);
    made.llc = made.node = {0, 0, 1, 1};
    made.distance = {{10, 21}, {21, 10}};
    return made;
  }
  static CfsTunables tunables(bool by_load) {
    CfsTunables made;
    made.affine_by_load = by_load;
    return made;
  }
  ThreadId bound_to_0(bool interrupts) {
    const GroupId group = scheduler.add_group({.shares = 262'144, .interrupts = interrupts});
    return scheduler.add_thread({.group = group, .weight = 1024, .allowed = {0}});
  }
  ThreadId reader = thread();
  void reader_sleeps_on_2() {
    scheduler.wake(reader, 2);
    REQUIRE(scheduler.cpu_of(reader) == 2);
    at(1, [&] { scheduler.block(reader); });
  }
};

}  // namespace

TEST_CASE("to Linux 4.13 an idle waker's CPU attracts from another cache, later ones do not") {
  for (const bool by_load : {true, false}) {
    TwoNodes host{by_load};
    host.reader_sleeps_on_2();
    host.at(2, [&] { host.scheduler.wake(host.reader, 0); });
    CHECK(host.scheduler.cpu_of(host.reader) == (by_load ? 0 : 2));
  }
}

TEST_CASE("an interrupt attracts to its CPU as if it were idle, a kernel thread does not") {
  for (const bool interrupts : {true, false}) {
    TwoNodes host{true};
    const ThreadId softirq = host.bound_to_0(interrupts);
    host.reader_sleeps_on_2();
    host.at(2, [&] { host.scheduler.wake(softirq, 0); });
    host.at(2.01, [&] { host.scheduler.wake(host.reader, 0); });
    CHECK(host.scheduler.cpu_of(host.reader) == (interrupts ? 0 : 2));
    CHECK(host.scheduler.running(0) == softirq);
  }
}

TEST_CASE("an interrupt takes what it runs on top of for asleep: its cache attracts") {
  TwoNodes host{true};
  const ThreadId softirq = host.bound_to_0(true);
  const ThreadId interrupted = host.thread();
  host.reader_sleeps_on_2();
  host.at(2, [&] { host.scheduler.wake(interrupted, 0); });
  host.at(3, [&] { host.scheduler.wake(softirq, 0); });
  host.at(3.01, [&] { host.scheduler.wake(host.reader, 0); });
  CHECK(host.scheduler.cpu_of(interrupted) == 0);
  CHECK(host.scheduler.cpu_of(host.reader) == 1);
}

TEST_CASE("interrupts that do not end become a thread: who waits beneath them moves or has half") {
  for (const bool bound : {false, true}) {
    TwoNodes host{true};
    const ThreadId softirq = host.bound_to_0(true);
    const GroupId group = host.scheduler.add_group(1024);
    ThreadConfig config{.group = group, .weight = 1024, .allowed = {}};
    if (bound) config.allowed = {0};
    const ThreadId beneath = host.scheduler.add_thread(config);
    host.scheduler.wake(beneath, 0);
    REQUIRE(host.scheduler.cpu_of(beneath) == 0);
    host.at(1, [&] { host.scheduler.wake(softirq, 0); });
    CHECK(host.scheduler.running(0) == softirq);
    host.at(2.5, [] {});
    CHECK(host.scheduler.running(0) == softirq);
    CHECK(host.scheduler.cpu_of(beneath) == 0);
    host.at(201, [] {});
    const double ran_ms = host.seconds(beneath) * 1e3;
    if (bound) {
      CHECK(ran_ms == Approx(100).margin(12));  // a slice
    } else {
      CHECK(host.scheduler.cpu_of(beneath) != 0);
      CHECK(ran_ms > 180);
    }
  }
}
