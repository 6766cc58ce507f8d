#include "models/scheduler/credit2.hpp"

#include "tests/models/scheduler/scheduled_host.hpp"

using Host = tests::ScheduledHost<models::scheduler::Credit2, models::scheduler::Credit2Tunables>;
using namespace models::scheduler;
using tests::cpus;

TEST_CASE("credit2: weights divide a CPU", "[credit2]") {
  Host host{cpus(1)};
  const ThreadId light = host.thread(host.scheduler.add_group(1024));
  const ThreadId heavy = host.thread(host.scheduler.add_group(2048));
  host.scheduler.wake(light, 0);
  host.scheduler.wake(heavy, 0);
  host.at(60'000);
  CHECK(host.seconds(light) / 60 == Approx(1.0 / 3).margin(0.01));
  CHECK(host.seconds(light) + host.seconds(heavy) == Approx(60.0));
}

TEST_CASE("credit2: of equals, each runs until it has spent what it had more", "[credit2]") {
  Host host{cpus(1)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  host.at(10'000);
  CHECK(host.seconds(a) == Approx(5.0).margin(0.02));
  // Turns of 0.5 ms (MIN_TIMER, but not under the rate limit of 1 ms) to 10 ms.
  const double turns = static_cast<double>(host.log.all.size());
  CHECK(turns > 10'000.0 / 10);
  CHECK(turns < 10'000.0 / 1 + 1);
}

TEST_CASE("credit2: one that has slept has more credit and preempts", "[credit2]") {
  Host host{cpus(1)};
  const ThreadId hog = host.thread();
  const ThreadId sleeper = host.thread();
  host.scheduler.wake(sleeper, 0);
  host.scheduler.block(sleeper);
  host.scheduler.wake(hog, 0);
  host.at(5, [&] { host.scheduler.wake(sleeper, 0); });
  CHECK(host.scheduler.running(0) == sleeper);
}

TEST_CASE("credit2: a cap is a budget of each 10 ms", "[credit2]") {
  Host host{cpus(1)};
  const GroupId capped =
      host.scheduler.add_group(GroupConfig{.shares = 1024,
                                           .quota = sim::Duration{25'000'000'000},
                                           .period = sim::Duration{100'000'000'000}});
  const ThreadId a = host.thread(capped);
  host.scheduler.wake(a, 0);
  host.at(10'000);
  CHECK(host.seconds(a) / 10 == Approx(0.25).margin(0.01));
  CHECK(host.scheduler.stats().throttles > 900);
}

TEST_CASE("credit2: no CPU idles while somebody on its queue waits", "[credit2]") {
  Host host{cpus(4)};
  std::vector<ThreadId> all;
  for (int i = 0; i < 6; ++i) all.push_back(host.thread());
  for (const ThreadId id : all) host.scheduler.wake(id, 0);
  host.at(10'000);
  host.log.settle();
  CHECK(host.log.ran_s[kNoThread] == Approx(0.0).margin(1e-6));
  for (const ThreadId id : all) CHECK(host.seconds(id) / 10 == Approx(4.0 / 6).margin(0.02));
}

TEST_CASE("credit2: idle cores come before idle siblings", "[credit2]") {
  Host host{cpus(4, 2)};
  const ThreadId a = host.thread();
  const ThreadId b = host.thread();
  host.scheduler.wake(a, 0);
  host.scheduler.wake(b, 0);
  CHECK(host.scheduler.cpu_of(a) / 2 != host.scheduler.cpu_of(b) / 2);
}

TEST_CASE("credit2: new vCPUs go to the queue with the least load", "[credit2]") {
  CpuMap map = cpus(4);
  map.socket = map.node = {0, 0, 1, 1};
  map.distance = {{10, 20}, {20, 10}};
  Host host{map};
  int second = 0;
  for (int i = 0; i < 4; ++i) {
    const ThreadId id = host.thread();
    host.scheduler.wake(id, 0);
    second += host.scheduler.cpu_of(id) >= 2;
  }
  CHECK(second == 2);
}

TEST_CASE("credit2: a waking vCPU leaves an overloaded queue", "[credit2]") {
  CpuMap map = cpus(2);
  map.socket = map.node = {0, 1};
  map.distance = {{10, 20}, {20, 10}};
  Host host{map};
  std::vector<ThreadId> all;
  for (int i = 0; i < 4; ++i) all.push_back(host.thread());
  for (const ThreadId id : all) host.scheduler.wake(id, 0);
  host.at(5'000);
  // Everybody on the second queue goes to sleep for long.
  for (int i = 0; i < 2; ++i) host.scheduler.block(host.scheduler.running(1));
  host.at(10'000);
  CHECK(host.scheduler.running(1) == kNoThread);
  const ThreadId first = host.scheduler.running(0);
  host.scheduler.block(first);
  host.scheduler.wake(first, 0);
  CHECK(host.scheduler.cpu_of(first) == 1);
}

TEST_CASE("credit2: a socket's CPUs share a queue, whatever caches they share, up to sixteen",
          "[credit2]") {
  const auto queues = [](int count, int threads_per_core, const Credit2Tunables& tunables,
                         int sockets = 1) {
    CpuMap map = cpus(count, threads_per_core);
    for (std::size_t cpu = 0; cpu < map.core.size(); ++cpu) {
      map.llc[cpu] = map.core[cpu] / 2;
      map.socket[cpu] = static_cast<int>(cpu) * sockets / count;
    }
    tests::ScheduledHost<Credit2, Credit2Tunables> host{map, tunables};
    // Those that share a queue with one that waits are contended.
    std::vector<int> of_first;
    for (int i = 0; i < count; ++i) {
      const auto id = host.scheduler.add_thread(
          {.group = host.scheduler.add_group(1024), .weight = 1024, .allowed = {0}});
      host.scheduler.wake(id, 0);
    }
    for (CpuId cpu = 0; cpu < count; ++cpu)
      if (host.scheduler.contended(cpu)) of_first.push_back(cpu);
    return of_first.size();
  };
  CHECK(queues(8, 1, {}) == 8);
  CHECK(queues(8, 1, {}, 2) == 4);
  CHECK(queues(56, 2, {}) == 16);
  CHECK(queues(24, 1, {}) == 16);
  CHECK(queues(18, 3, {}) == 15);  // threads of a core stay together
  CHECK(queues(8, 2, {.runqueue = RunQueue::core}) == 2);
  CHECK(queues(8, 2, {.runqueue = RunQueue::cpu}) == 1);
  CHECK(queues(8, 2, {.runqueue = RunQueue::all}, 2) == 8);
  CHECK(queues(8, 1, {.max_cpus_runqueue = 4}) == 4);
}
