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
  CHECK(host.scheduler.cpu_of(c) == host.scheduler.cpu_of(a));  // the last of two empty CPUs
  host.scheduler.block(b);
  CHECK(host.scheduler.running(host.scheduler.cpu_of(b)) == c);
  CHECK(host.scheduler.stats().migrations == 1);
}

// XEN_DOMCTL_max_vcpus and default_vcpu0_location of Xen 4.3, on paper.
TEST_CASE("credit: guests of two vCPUs are created from the last core down", "[credit]") {
  Host host{cpus(8, 2)};
  std::vector<CpuId> at;
  for (int domain = 0; domain < 5; ++domain) {
    const GroupId group = host.scheduler.add_group(1024);
    for (int i = 0; i < 2; ++i) at.push_back(host.scheduler.cpu_of(host.thread(group)));
  }
  // Second threads of the cores, the fullest and CPU 0's core last; each with the CPU after.
  CHECK(at == std::vector<CpuId>{7, 0, 5, 6, 3, 4, 1, 2, 7, 0});
}

TEST_CASE("credit: a vCPU that may not use the CPU it is created on goes to the next that it may",
          "[credit]") {
  Host host{cpus(4)};
  const GroupId group = host.scheduler.add_group(1024);
  const auto created = [&](std::vector<CpuId> allowed) {
    return host.scheduler.cpu_of(
        host.scheduler.add_thread({.group = group, .weight = 1024, .allowed = std::move(allowed)}));
  };
  CHECK(created({1, 2}) == 1);  // from 3
  CHECK(created({1, 2}) == 2);  // the one after
  CHECK(created({0, 1}) == 0);  // from 3
}

namespace {

// Two sockets of four single-threaded cores: where a vCPU that is created on CPU 0 is 100 ms later
// when others run on `busy`.
CpuId settled(const std::vector<CpuId>& busy) {
  CpuMap map = cpus(8);
  for (std::size_t cpu = 4; cpu < 8; ++cpu) map.socket[cpu] = map.node[cpu] = 1;
  map.distance = {{10, 20}, {20, 10}};
  Host host{map};
  const auto add = [&](GroupId group, const std::vector<CpuId>& allowed) {
    return host.scheduler.add_thread({.group = group, .weight = 1024, .allowed = allowed});
  };
  for (const CpuId cpu : busy) host.scheduler.wake(add(host.scheduler.add_group(1024), {cpu}), cpu);
  const GroupId group = host.scheduler.add_group(1024);
  add(group, {7});  // its domain's first; CPU 0 is the one after
  const ThreadId free = add(group, {});
  host.scheduler.wake(free, 0);
  host.at(100);
  return host.scheduler.cpu_of(free);
}

}  // namespace

TEST_CASE("credit: a vCPU leaves its socket for one that is more than twice as idle", "[credit]") {
  CHECK(settled({}) == 0);
  CHECK(settled({1, 2}) == 0);  // its own and one more here, four there
  CHECK(settled({1, 2, 3}) / 4 == 1);
  CHECK(settled({1, 2, 3, 4, 5}) == 0);  // one here, two there
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
