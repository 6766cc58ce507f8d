// Xen's credit2 scheduler, its default since 4.12.
//
// The CPUs of a socket share a queue, sixteen at most, sorted by credit. Running burns credit, the
// slower the heavier a vCPU is against the heaviest of the queue; when the next to run has none
// left, everybody on the queue gets 10 ms worth more.
//
// Models  credit resets and carry-over, rate limit, resistance to moving, tickling of idle cores
//         before idle siblings before the vCPU with the least credit, caps as budgets of 10 ms,
//         balancing between queues by average load.
// Omits   soft affinity.
// Source  semantics.md 2.2 (xen/common/sched/credit2.c).
// Checked tests/models/scheduler/credit2_test.cpp.
#pragma once

#include <deque>
#include <vector>

#include "models/scheduler/scheduler.hpp"
#include "models/scheduler/tunables.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::scheduler {

class Credit2 final : public Scheduler {
 public:
  Credit2(sim::Engine& engine, const CpuMap& map, const Credit2Tunables& tunables,
          Dispatch& dispatch);

  using Scheduler::add_group;
  GroupId add_group(const GroupConfig& config) override;
  ThreadId add_thread(const ThreadConfig& config) override;
  void wake(ThreadId thread, CpuId waker) override;
  void block(ThreadId thread) override;
  ThreadId running(CpuId cpu) const override { return cpus_[at(cpu)].current; }
  CpuId cpu_of(ThreadId thread) const override { return units_[at(thread)].cpu; }
  bool runnable(ThreadId thread) const override { return units_[at(thread)].runnable; }
  bool contended(CpuId cpu) const override {
    return !queues_[at(cpus_[at(cpu)].queue)].waiting.empty();
  }
  SchedulerStats stats() const override { return stats_; }

 private:
  static constexpr double kInitialCredit = 10e6;  // ns; what a reset adds, too
  static constexpr sim::Duration kCapPeriod{10'000'000'000};
  struct Unit {
    GroupId domain = 0;
    double weight = 256.0;
    std::vector<char> allowed;  // [cpu]; empty: every CPU
    CpuId cpu = 0;
    int queue = 0;
    double credit_ns = 0.0;
    double load = 0.0;  // share of time runnable, averaged
    sim::Instant averaged{};
    bool runnable = false;
    bool on_cpu = false;
    bool placed = false;
    bool parked = false;  // its domain's budget is used up
  };
  struct Domain {
    Domain(sim::Engine& engine, Credit2& owner);
    void on_refill() { credit.refill(*this); }
    Credit2& credit;
    double weight = 256.0;
    double cap = 0.0;  // CPUs; 0: none
    double budget_ns = 0.0;
    std::vector<ThreadId> units;
    sim::Event refill;
  };
  struct Queue {
    std::vector<CpuId> cpus;
    std::vector<ThreadId> waiting;  // most credit first
  };
  struct Cpu {
    Cpu(sim::Engine& engine, Credit2& owner, CpuId self);
    void on_slice() { credit.schedule(*this); }
    Credit2& credit;
    CpuId id;
    int queue = 0;
    ThreadId current = kNoThread;
    sim::Instant started{};
    sim::Instant burned{};
    sim::Event slice;
  };
  template <class Index>
  static std::size_t at(Index index) {
    return static_cast<std::size_t>(index);
  }
  bool allowed(const Unit& unit, CpuId cpu) const {
    return unit.allowed.empty() || unit.allowed[at(cpu)] != 0;
  }
  bool idle(CpuId cpu) const { return cpus_[at(cpu)].current == kNoThread; }
  bool core_idle(CpuId cpu) const;
  double heaviest(const Queue& queue) const;
  void burn(Cpu& cpu);
  void insert(ThreadId id);
  void remove(ThreadId id);
  void schedule(Cpu& cpu);
  ThreadId candidate(const Cpu& cpu, ThreadId current);
  void reset(int queue, ThreadId next);
  void tickle(ThreadId woken);
  void arm(Cpu& cpu);
  void move(Unit& unit, ThreadId id, CpuId to);
  void settle_load(Unit& unit);
  double load(int queue);
  int choose_queue(const Unit& unit);
  void balance(ThreadId id);
  CpuId cpu_in(const Unit& unit, int queue) const;
  bool afford(Domain& domain);
  void refill(Domain& domain);

  sim::Engine& engine_;
  Credit2Tunables tunables_;
  CpuMap map_;
  Dispatch& dispatch_;
  std::deque<Cpu> cpus_;
  std::deque<Queue> queues_;
  std::deque<Domain> domains_;
  std::vector<Unit> units_;
  SchedulerStats stats_;
};

}  // namespace models::scheduler
