// A host of nothing but a scheduler and threads that a test wakes and blocks.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <vector>

#include "models/scheduler/scheduler.hpp"
#include "models/scheduler/tunables.hpp"
#include "sim/engine.hpp"

namespace tests {

using namespace models::scheduler;

struct Switch {
  double ms;
  CpuId cpu;
  ThreadId to;
  bool operator==(const Switch&) const = default;
};

class Log final : public Dispatch {
 public:
  explicit Log(sim::Engine& engine) : engine_{engine} {}
  void switched(CpuId cpu, ThreadId previous, ThreadId next) override {
    CHECK(running[cpu] == previous);
    settle();
    running[cpu] = next;
    all.push_back({sim::seconds(engine_.now() - sim::Instant{}) * 1e3, cpu, next});
  }
  void migrated(ThreadId, CpuId, CpuId) override { ++moves; }
  // Books what each CPU has run up to now.
  void settle() {
    for (const auto& [cpu, thread] : running)
      ran_s[thread] += sim::seconds(engine_.now() - settled_);
    settled_ = engine_.now();
  }
  std::vector<Switch> all;
  std::map<ThreadId, double> ran_s;  // kNoThread: idle
  std::map<CpuId, ThreadId> running;
  int moves = 0;

 private:
  sim::Engine& engine_;
  sim::Instant settled_{};
};

inline CpuMap cpus(int count, int threads_per_core = 1) {
  CpuMap map;
  for (int cpu = 0; cpu < count; ++cpu) {
    map.core.push_back(cpu / threads_per_core);
    map.llc.push_back(0);
    map.node.push_back(0);
    map.socket.push_back(0);
  }
  map.distance = {{10}};
  return map;
}

template <class Policy, class Tunables>
struct ScheduledHost {
  explicit ScheduledHost(const CpuMap& map, const Tunables& tunables = {})
      : log{engine}, scheduler{engine, map, tunables, log} {
    for (std::size_t cpu = 0; cpu < map.core.size(); ++cpu)
      log.running[static_cast<CpuId>(cpu)] = kNoThread;
  }
  ThreadId thread(GroupId group = -1) {
    if (group < 0) group = scheduler.add_group(1024);
    return scheduler.add_thread({.group = group, .weight = 1024, .allowed = {}});
  }
  // CPU time so far, as the log saw it.
  double seconds(ThreadId thread) {
    log.settle();
    return log.ran_s[thread];
  }
  void at(
      double ms, const std::function<void()>& what = [] {}) {
    engine.run_until(sim::Instant{} + sim::from_seconds(ms * 1e-3));
    what();
  }
  sim::Engine engine;
  Log log;
  Policy scheduler;
};

}  // namespace tests
