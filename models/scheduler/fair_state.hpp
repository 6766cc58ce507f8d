// What Linux's fair schedulers (fair.hpp) keep of threads, of groups and of CPUs.
//
// Threads and groups are many and a wake-up asks a little of each: it goes from the thread by
// pointers to its group, and to that group's queue on the CPU where the thread is or was. All of
// them stand where they are from the first wake-up on.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "models/scheduler/decayed_weight.hpp"
#include "models/scheduler/entity.hpp"
#include "models/scheduler/scheduler.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::scheduler {

class Fair;

inline constexpr GroupId kNoGroup = -1;

// The quota of a group, or of threads inside one (bandwidth.cpp).
struct FairBandwidth {
  FairBandwidth(sim::Engine& clock, Fair& owner, GroupId of, sim::Duration quota,
                sim::Duration each);
  void on_refill();
  void on_slack();
  // Whether one may go on that has `left_ns`; takes a slice when it has used up its own.
  bool take(double& left_ns);
  // Who has left a CPU keeps a little and gives the rest back.
  void give_back(double& left_ns);
  // Whether the pool has what makes up the debt.
  bool make_up(double& left_ns);
  sim::Engine& engine;
  Fair& fair;
  GroupId group;                    // kNoGroup: of `threads`
  std::vector<ThreadId> threads{};  // ascending
  double quota_ns, pool_ns = 0.0;
  sim::Duration period;
  sim::Event refill;
  sim::Event slack;
};

struct FairGroup;

// A group's queue on one CPU.
struct GroupOnCpu : Entity {
  bool may_run();
  FairGroup* whole = nullptr;
  double min_v = 0.0;  // of the threads' queue
  double load = 0.0;   // sum of runnable threads' weights
  int threads = 0;
  bool throttled = false;
  DecayedWeight average{};         // of threads that are here or were last
  double runtime_ns = 0.0;         // of its quota, left here; negative: debt
  std::vector<ThreadId> parked{};  // runnable, but throttled
};

struct FairGroup {
  // Nobody asks how much of its load is where: the averages of what is alone are left at nothing.
  bool alone() const { return threads == 1; }
  // Its queue on a CPU. A guest sees few of a big host's CPUs: queues are made where they are first
  // asked for, with those of the CPUs around, and stay there.
  GroupOnCpu& on(CpuId cpu) {
    std::unique_ptr<GroupOnCpu[]>& around = queues[block(cpu)];
    if (around == nullptr) make(around);
    return around[within(cpu)];
  }
  // As on(), but null where none of the group has been near.
  GroupOnCpu* known_on(CpuId cpu) const {
    GroupOnCpu* const around = queues[block(cpu)].get();
    return around == nullptr ? nullptr : around + within(cpu);
  }
  bool throttled_on(CpuId cpu) const {
    const GroupOnCpu* const there = known_on(cpu);
    return there != nullptr && there->throttled;
  }
  double shares = 1024.0;
  int threads = 0;
  bool interrupts = false;
  DecayedWeight average{};                     // of its threads
  std::unique_ptr<FairBandwidth> bandwidth{};  // null: no quota

  static constexpr int kBlock = 16;  // CPUs
  static std::size_t block(CpuId cpu) { return static_cast<std::size_t>(cpu / kBlock); }
  std::vector<std::unique_ptr<GroupOnCpu[]>> queues{};  // [block]

 private:
  static std::size_t within(CpuId cpu) { return static_cast<std::size_t>(cpu % kBlock); }
  void make(std::unique_ptr<GroupOnCpu[]>& around);
};

inline bool GroupOnCpu::may_run() {
  return whole->bandwidth == nullptr || whole->bandwidth->take(runtime_ns);
}

struct FairThread : Entity {
  bool unlimited() const { return limit == nullptr && whole->bandwidth == nullptr; }
  // Its group and it have time left, of their quotas.
  bool may_run() { return here->may_run() && (limit == nullptr || limit->take(runtime_ns)); }
  ThreadId id = kNoThread;
  GroupId group = 0;
  CpuId cpu = kNoCpu;
  bool placed = false;  // has been woken before
  bool runnable = false, on_cpu = false;
  bool pinned = false;             // one CPU is allowed
  FairGroup* whole = nullptr;      // its group
  GroupOnCpu* here = nullptr;      // the group's queue on `cpu`
  FairBandwidth* limit = nullptr;  // its own quota, beside its group's; null: none
  double runtime_ns = 0.0;         // of that, left; negative: debt
  bool throttled = false;          // by that; runnable, on no queue
  DecayedWeight average{};         // while it is runnable
  sim::Instant last_ran{};
  ThreadId last_wakee = kNoThread;  // wake_wide
  int flips = 0;
  sim::Instant flips_decayed{};
  int preferred_node = -1;    // NUMA balancing; -1: none yet
  CpuId wake_cpu = kNoCpu;    // moved while it slept
  std::vector<char> allowed;  // [cpu]; empty: every CPU
};

struct FairCpu {
  FairCpu(sim::Engine& engine, Fair& owner, CpuId self);
  void on_tick();
  void on_balance();
  void balance_next(std::size_t domain, sim::Instant when) {
    next_balance[domain] = when;
    balance_due = *std::min_element(next_balance.begin(), next_balance.end());
  }
  Fair& fair;
  CpuId id;
  int interrupts = 0;                // of the threads
  FairThread* current = nullptr;     // null: idle
  std::vector<FairThread*> threads;  // runnable, the running one included
  std::vector<GroupOnCpu*> groups;   // with a runnable thread
  sim::Instant accounted{};          // of current's runtime
  double min_v = 0.0;
  double group_ran_ns = 0.0, thread_ran_ns = 0.0;  // since each was picked
  bool softirqd = false;  // interrupts have gone on for so long that they queue
  sim::Instant idle_since{};
  double average_idle_ns = 0.0;
  sim::Event tick;
  sim::Instant tick_at = sim::kNever;   // when it is pending
  bool tick_open = false;               // tick_due is yet to be sought
  sim::Instant tick_due = sim::kNever;  // a pending tick may be earlier: it then waits on
  sim::Event balance;
  sim::Instant balance_at = sim::kNever;   // when it is pending
  sim::Instant balance_due = sim::kNever;  // the soonest of
  std::vector<sim::Instant> next_balance;  // [domain]
  std::vector<int> failed, interval_ms;    // [domain]
};

}  // namespace models::scheduler
