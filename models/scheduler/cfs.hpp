// Linux's Completely Fair Scheduler as a KVM host runs it: vCPU threads in a cgroup per VM.
//
// Virtual runtime: v += ran * 1024 / weight; the runnable entity with the smallest v runs next.
// Two levels, as libvirt lays them out: VM groups of cpu.shares on each CPU, threads inside.
//   period(nr) = nr > nr_latency ? nr * min_granularity : latency      (all scaled)
//   slice      = period * weight / sum of weights
//   group weight on a CPU = shares * load there / max(load of the group everywhere, load there)
//
// Models  preemption at ticks only, wake-up preemption, sleeper credit, start debit, wake-affine
//         and idle-sibling placement, SMT/LLC/node/NUMA balancing: busy, idle (nohz), newly idle,
//         active; cache-hot threads stay.
// Omits   next/last buddies, bandwidth quotas, real-time classes, SIS_PROP's scan limit, NUMA
//         balancing; blocked load counts through its 32 ms average only.
// Source  semantics.md 1.1-1.4, 1.7, 1.8 (kernel/sched/fair.c 4.19).
// Checked tests/models/scheduler; validation subsystem scheduler.
//
// Ticks are aligned on all CPUs (skew_tick=0). No tick is simulated that cannot change anything:
// the first one that would preempt is computed from the queue and scheduled.
#pragma once

#include <deque>

#include "models/scheduler/domains.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/scheduler/tunables.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::scheduler {

// Scheduler arithmetic is in nanoseconds as doubles, as the kernel's is in integers.
inline double nanoseconds(sim::Duration d) {
  return static_cast<double>(d.count()) / 1e3;
}

class Cfs final : public Scheduler {
 public:
  // Groups and threads are added before the first wake-up.
  Cfs(sim::Engine& engine, const CpuMap& map, const CfsTunables& tunables, Dispatch& dispatch);

  GroupId add_group(double shares) override;
  ThreadId add_thread(const ThreadConfig& config) override;
  void wake(ThreadId thread, CpuId waker) override;
  void block(ThreadId thread) override;
  ThreadId running(CpuId cpu) const override { return cpus_[at(cpu)].current; }
  CpuId cpu_of(ThreadId thread) const override { return threads_[at(thread)].cpu; }
  bool runnable(ThreadId thread) const override { return threads_[at(thread)].runnable; }
  SchedulerStats stats() const override { return stats_; }

 private:
  struct Thread {
    GroupId group = 0;
    double weight = 1024.0;
    std::vector<char> allowed;  // [cpu]; empty: every CPU
    CpuId cpu = kNoCpu;
    bool runnable = false;
    bool on_cpu = false;
    double v = 0.0;  // ns of virtual time, relative to its group's queue
    sim::Instant last_ran{};
    double average = 0.0;  // share of time runnable, 32 ms half-life
    sim::Instant averaged{};
    ThreadId last_wakee = kNoThread;  // wake_wide
    int flips = 0;
    sim::Instant flips_decayed{};
  };
  struct Group {
    double shares = 1024.0;
    std::vector<ThreadId> threads;
  };
  struct GroupOnCpu {
    double v = 0.0;       // of the group's entity on this CPU
    double weight = 0.0;  // of the entity
    double min_v = 0.0;   // of the threads' queue
    double load = 0.0;    // sum of runnable threads' weights
    int threads = 0;
  };
  struct Cpu {
    Cpu(sim::Engine& engine, Cfs& owner, CpuId self);
    void on_tick() { cfs.tick(id); }
    void on_balance() { cfs.balance_busy(id); }
    Cfs& cfs;
    CpuId id;
    std::vector<ThreadId> threads;  // runnable, the running one included
    std::vector<GroupId> groups;    // with a runnable thread
    std::vector<GroupOnCpu> state;  // [group]
    ThreadId current = kNoThread;
    double min_v = 0.0;
    sim::Instant accounted{};   // of current's runtime
    double group_ran_ns = 0.0;  // since its entity was picked
    double thread_ran_ns = 0.0;
    sim::Instant idle_since{};
    double average_idle_ns = 0.0;
    std::vector<sim::Instant> next_balance;  // [domain]
    std::vector<int> failed;                 // [domain]
    std::vector<int> interval_ms;            // [domain]
    sim::Event tick;
    sim::Event balance;
  };
  enum class Idleness { busy, idle, newly_idle };
  struct GroupLoad {
    int running = 0;
    int idle = 0;
    double load = 0.0;
    int cpus = 0;
    bool overloaded = false;
    double average() const { return load / cpus; }
  };

  template <class Index>
  static std::size_t at(Index index) {
    return static_cast<std::size_t>(index);
  }
  bool allowed(const Thread& thread, CpuId cpu) const {
    return thread.allowed.empty() || thread.allowed[at(cpu)] != 0;
  }
  bool idle(CpuId cpu) const { return cpus_[at(cpu)].threads.empty(); }
  double load(CpuId cpu) const;

  // cfs.cpp: who runs
  void prepare();
  void account(Cpu& cpu);
  void settle_average(Thread& thread);
  void reweigh(Cpu& cpu, GroupId group);
  void advance_min_v(Cpu& cpu);
  void enqueue(Cpu& cpu, ThreadId thread, bool placed_as_sleeper);
  void dequeue(Cpu& cpu, ThreadId thread);
  ThreadId pick(const Cpu& cpu) const;
  GroupId first_group(const Cpu& cpu) const;
  ThreadId first_thread(const Cpu& cpu, GroupId group) const;
  void dispatch(Cpu& cpu, ThreadId next);
  void reschedule(Cpu& cpu);
  void tick(CpuId cpu);
  void arm_tick(Cpu& cpu);
  bool tick_preempts(Cpu& cpu);
  double preemption_ns(double ran_ns, double lead_ns, double slice_ns, double weight) const;
  double slice_ns(int entities, double weight, double total) const;
  bool wakeup_preempts(const Cpu& cpu, ThreadId thread) const;
  sim::Instant tick_after(double delay_ns) const;
  void note_queue(Cpu& cpu, std::size_t before);

  // placement.cpp: where a waking thread goes
  CpuId place_new(const Thread& thread, CpuId from) const;
  CpuId place_waking(Thread& thread, ThreadId id, CpuId waker);
  bool wake_wide(Thread& thread, ThreadId id, CpuId waker);
  CpuId idle_sibling(const Thread& thread, CpuId previous, CpuId target) const;

  // balance.cpp: moving waiting and running threads
  void arm_balance(Cpu& cpu);
  void arm_nohz();
  void balance_busy(CpuId cpu);
  void balance_idle();
  void balance_newly_idle(Cpu& cpu);
  int balance_domain(Cpu& cpu, std::size_t domain, Idleness idleness);
  GroupLoad group_load(const std::vector<CpuId>& group) const;
  CpuId busiest_cpu(const std::vector<CpuId>& group, CpuId pulling) const;
  int pull(Cpu& to, Cpu& from, double load, bool take_hot, bool one);
  bool pull_running(Cpu& to, Cpu& from);
  void move(ThreadId thread, Cpu& from, Cpu& to);
  void note_migration(ThreadId thread, CpuId from, CpuId to);

  sim::Engine& engine_;
  CpuMap map_;
  CfsTunables tunables_;
  Dispatch& dispatch_;
  double latency_ns_, min_granularity_ns_, wakeup_granularity_ns_;  // scaled
  sim::Duration tick_period_;
  std::vector<std::vector<Domain>> domains_;  // [cpu][level]
  std::vector<Thread> threads_;
  std::vector<Group> groups_;
  std::deque<Cpu> cpus_;
  sim::Event nohz_;
  int overloaded_ = 0;  // CPUs with two or more runnable threads
  int idle_cpus_ = 0;
  bool movable_ = false;  // some thread may run on more than one CPU
  bool prepared_ = false;
  SchedulerStats stats_;
};

}  // namespace models::scheduler
