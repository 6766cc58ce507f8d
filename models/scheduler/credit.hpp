// Xen's credit scheduler (credit1).
//
// Each CPU has a queue sorted by priority, first come first served within one: BOOST (woken while
// it had credit), UNDER (has credit), OVER (spent it). Running burns 10 credits a millisecond;
// every 30 ms the CPUs' credits are dealt out among active domains by weight, per active vCPU. A
// CPU that finds nothing better than OVER on its queue steals from others.
//
// Models  boost and its end at the tick, tickling of idle CPUs, rate limit, caps with parking,
//         active list, moves at ticks towards idle cores, stealing nearest node first; where
//         vCPUs are created, for there they stay unless a move gains: to a socket twice as idle.
// Omits   soft affinity, the migration delay (off by default), tasklets.
// Source  semantics.md 2.1 (xen/common/sched/credit.c); xen/common/domctl.c of 4.3.
// Checked tests/models/scheduler/credit_test.cpp; validation subsystem consolidation.
#pragma once

#include <deque>
#include <vector>

#include "models/scheduler/scheduler.hpp"
#include "models/scheduler/tunables.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::scheduler {

class Credit final : public Scheduler {
 public:
  Credit(sim::Engine& engine, const CpuMap& map, const CreditTunables& tunables,
         Dispatch& dispatch);

  using Scheduler::add_group;
  GroupId add_group(const GroupConfig& config) override;
  ThreadId add_thread(const ThreadConfig& config) override;
  void wake(ThreadId thread, CpuId waker) override;
  void block(ThreadId thread) override;
  ThreadId running(CpuId cpu) const override { return cpus_[at(cpu)].current; }
  CpuId cpu_of(ThreadId thread) const override { return units_[at(thread)].cpu; }
  bool runnable(ThreadId thread) const override { return units_[at(thread)].runnable; }
  bool contended(CpuId cpu) const override { return !cpus_[at(cpu)].queue.empty(); }
  SchedulerStats stats() const override { return stats_; }

  double credits(ThreadId thread) const { return units_[at(thread)].credit; }

 private:
  enum class Priority { idle, over, under, boost };
  struct Unit {
    GroupId domain = 0;
    std::vector<char> allowed;  // [cpu]; empty: every CPU
    CpuId cpu = 0;
    Priority priority = Priority::under;
    double credit = 0.0;
    bool active = false;
    bool parked = false;  // over its cap
    bool runnable = false;
    bool on_cpu = false;
    bool woken = false;        // ever
    CpuId moving_to = kNoCpu;  // asked to go there once it has left its CPU
  };
  struct Domain {
    double weight = 256.0;
    double cap = 0.0;  // CPUs; 0: none
    std::vector<ThreadId> units;
  };
  struct Cpu {
    Cpu(sim::Engine& engine, Credit& owner, CpuId self);
    void on_slice() { credit.schedule(*this); }
    void on_tick() { credit.tick(*this); }
    Credit& credit;
    CpuId id;
    ThreadId current = kNoThread;
    std::deque<ThreadId> queue;  // waiting, highest priority first
    sim::Instant started{};      // current got the CPU
    sim::Instant burned{};       // its credits are paid up to here
    sim::Event slice;
    sim::Event tick;
  };
  template <class Index>
  static std::size_t at(Index index) {
    return static_cast<std::size_t>(index);
  }
  bool allowed(const Unit& unit, CpuId cpu) const {
    return unit.allowed.empty() || unit.allowed[at(cpu)] != 0;
  }
  bool idle(CpuId cpu) const { return cpus_[at(cpu)].current == kNoThread; }
  Priority priority(ThreadId thread) const {
    return thread == kNoThread ? Priority::idle : units_[at(thread)].priority;
  }

  void burn(Cpu& cpu);
  void insert(Cpu& cpu, ThreadId id);
  void remove(Cpu& cpu, ThreadId id);
  void tickle(Cpu& cpu, ThreadId woken);
  void schedule(Cpu& cpu);
  ThreadId steal(const Cpu& cpu, Priority above);
  void tick(Cpu& cpu);
  void account();
  void settle_credit(Unit& unit, ThreadId id, double cap_of_unit);
  CpuId pick(const Unit& unit) const;
  CpuId first_cpu(const Unit& unit) const;
  CpuId emptiest_cpu() const;
  int idle_siblings(CpuId cpu, bool whole_socket, CpuId own) const;
  void move(Unit& unit, ThreadId id, CpuId to);
  void arm(Cpu& cpu);

  sim::Engine& engine_;
  CreditTunables tunables_;
  CpuMap map_;
  Dispatch& dispatch_;
  std::deque<Cpu> cpus_;
  std::vector<Unit> units_;
  std::vector<Domain> domains_;
  std::vector<std::vector<CpuId>> nearest_;  // [cpu] the others, nearest node first
  sim::Event account_;
  CpuId last_tickled_ = 0;
  SchedulerStats stats_;
};

}  // namespace models::scheduler
