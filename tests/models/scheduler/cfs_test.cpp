#include "models/scheduler/cfs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace sim::literals;
using namespace models::scheduler;

namespace {

// Books the CPU time of each thread.
class Clock final : public Dispatch {
 public:
  explicit Clock(sim::Engine& engine) : engine_{engine} {}
  void switched(CpuId cpu, ThreadId previous, ThreadId) override {
    const auto c = static_cast<std::size_t>(cpu);
    if (since_.size() <= c) since_.resize(c + 1);
    if (previous >= 0) add(previous, engine_.now() - since_[c]);
    since_[c] = engine_.now();
  }
  void migrated(ThreadId, CpuId, CpuId) override {}
  double seconds(const Scheduler& scheduler, int cpus, ThreadId thread) {
    for (CpuId cpu = 0; cpu < cpus; ++cpu) {
      const ThreadId running = scheduler.running(cpu);
      if (running < 0) continue;
      add(running, engine_.now() - since_[static_cast<std::size_t>(cpu)]);
      since_[static_cast<std::size_t>(cpu)] = engine_.now();
    }
    return sim::seconds(ran_[static_cast<std::size_t>(thread)]);
  }

 private:
  void add(ThreadId thread, sim::Duration time) {
    if (ran_.size() <= static_cast<std::size_t>(thread))
      ran_.resize(static_cast<std::size_t>(thread) + 1);
    ran_[static_cast<std::size_t>(thread)] += time;
  }
  sim::Engine& engine_;
  std::vector<sim::Instant> since_;
  std::vector<sim::Duration> ran_ = std::vector<sim::Duration>(64);
};

CpuMap one_node(int cpus, int threads_per_core = 1) {
  CpuMap map;
  for (int cpu = 0; cpu < cpus; ++cpu) {
    map.core.push_back(cpu / threads_per_core);
    map.llc.push_back(0);
    map.node.push_back(0);
  }
  map.distance = {{10}};
  return map;
}

struct Bench {
  explicit Bench(const CpuMap& map)
      : cpus{static_cast<int>(map.core.size())}, clock{engine}, cfs{engine, map, {}, clock} {}
  ThreadId hog(GroupId group, std::vector<CpuId> allowed = {}) {
    return cfs.add_thread({.group = group, .weight = 1024, .allowed = std::move(allowed)});
  }
  double share(ThreadId thread, double of_s) { return clock.seconds(cfs, cpus, thread) / of_s; }
  sim::Engine engine;
  int cpus;
  Clock clock;
  Cfs cfs;
};

}  // namespace

TEST_CASE("two VMs of shares 1:2 divide a CPU by a third and two thirds", "[cfs]") {
  Bench bench{one_node(1)};
  const ThreadId a = bench.hog(bench.cfs.add_group(1024));
  const ThreadId b = bench.hog(bench.cfs.add_group(2048));
  bench.cfs.wake(a, 0);
  bench.cfs.wake(b, 0);
  bench.engine.run_until(sim::Instant{30_s});
  CHECK(bench.share(a, 30) == Approx(1.0 / 3).margin(0.004));  // a tick of 4 ms is 0.0001
  CHECK(bench.share(a, 30) + bench.share(b, 30) == Approx(1.0).epsilon(1e-9));
}

TEST_CASE("a VM of one vCPU and one of four get the same under saturation", "[cfs]") {
  Bench bench{one_node(1)};
  const GroupId small = bench.cfs.add_group(1024), wide = bench.cfs.add_group(1024);
  const ThreadId one = bench.hog(small);
  std::vector<ThreadId> four;
  for (int i = 0; i < 4; ++i) four.push_back(bench.hog(wide));
  bench.cfs.wake(one, 0);
  for (const ThreadId thread : four) bench.cfs.wake(thread, 0);
  bench.engine.run_until(sim::Instant{60_s});
  CHECK(bench.share(one, 60) == Approx(0.5).margin(0.01));
  for (const ThreadId thread : four) CHECK(bench.share(thread, 60) == Approx(0.125).margin(0.01));
}

TEST_CASE("three threads on two CPUs come near two thirds each", "[cfs]") {
  Bench bench{one_node(2)};
  std::vector<ThreadId> threads;
  for (int i = 0; i < 3; ++i) threads.push_back(bench.hog(bench.cfs.add_group(1024)));
  for (const ThreadId thread : threads) bench.cfs.wake(thread, 0);
  bench.engine.run_until(sim::Instant{60_s});
  for (const ThreadId thread : threads)
    CHECK(bench.share(thread, 120) == Approx(1.0 / 3).margin(0.05));
}

TEST_CASE("as many threads as CPUs settle one each, cores before siblings", "[cfs]") {
  Bench bench{one_node(8, 2)};
  std::vector<ThreadId> threads;
  for (int i = 0; i < 4; ++i) threads.push_back(bench.hog(bench.cfs.add_group(1024)));
  for (const ThreadId thread : threads) bench.cfs.wake(thread, 0);
  bench.engine.run_until(sim::Instant{1_s});
  std::vector<int> cores;
  for (const ThreadId thread : threads) cores.push_back(bench.cfs.cpu_of(thread) / 2);
  std::sort(cores.begin(), cores.end());
  CHECK(cores == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("pinned threads never leave, and waiting work is pulled by an idle CPU", "[cfs]") {
  Bench bench{one_node(2)};
  const ThreadId pinned = bench.hog(bench.cfs.add_group(1024), {0});
  const ThreadId other = bench.hog(bench.cfs.add_group(1024), {0});
  const ThreadId free = bench.hog(bench.cfs.add_group(1024));
  for (const ThreadId thread : {pinned, other, free}) bench.cfs.wake(thread, 0);
  bench.engine.run_until(sim::Instant{10_s});
  CHECK(bench.cfs.cpu_of(pinned) == 0);
  CHECK(bench.cfs.cpu_of(other) == 0);
  CHECK(bench.cfs.cpu_of(free) == 1);
  CHECK(bench.share(pinned, 10) == Approx(0.5).margin(0.02));
}

TEST_CASE("without balancing nothing moves after its first placement", "[cfs]") {
  sim::Engine engine;
  Clock clock{engine};
  CfsTunables tunables;
  tunables.balancing = false;
  Cfs cfs{engine, one_node(2), tunables, clock};
  std::vector<ThreadId> threads;
  for (int i = 0; i < 3; ++i)
    threads.push_back(
        cfs.add_thread({.group = cfs.add_group(1024), .weight = 1024, .allowed = {}}));
  for (const ThreadId thread : threads) cfs.wake(thread, 0);
  engine.run_until(sim::Instant{10_s});
  CHECK(cfs.stats().migrations == 0);
}
