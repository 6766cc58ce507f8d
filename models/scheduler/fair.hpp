// What Linux's fair schedulers have in common: VM groups over threads, on each CPU a queue of both;
// wake placement, load balancing, ticks. CFS and EEVDF differ in who runs next and until when.
// Two levels, as libvirt lays them out: VM groups of cpu.shares on each CPU, threads inside.
//   group weight on a CPU = shares * load there / max(load of the group everywhere, load there)
//
// Models  sleeper and fork placement by policy, wake-affine and idle-sibling placement, balancing
//         of SMT, LLC, node, NUMA: busy, idle (nohz), newly idle, active; cache-hot threads stay.
//         Quotas of groups (bandwidth.cpp). Moves to preferred nodes (fair_numa.cpp).
// Omits   real-time classes, SIS_PROP's scan limit; blocked load counts through its 32 ms average.
// Source  semantics.md 1.1-1.4, 1.7-1.9 (sched/fair.c 4.19, 4.13). Ticks are aligned (skew_tick=0).
// Checked tests/models/scheduler; validation subsystem scheduler.
#pragma once

#include <deque>
#include <memory>

#include "models/scheduler/decayed_weight.hpp"
#include "models/scheduler/domains.hpp"
#include "models/scheduler/entity.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/scheduler/tunables.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::scheduler {

// Scheduler arithmetic is in nanoseconds as doubles, as the kernel's is in integers.
inline double nanoseconds(sim::Duration d) {
  return static_cast<double>(d.count()) / 1e3;
}

class Fair : public Scheduler {
 public:
  // Groups and threads are added before the first wake-up.
  Fair(sim::Engine& engine, const CpuMap& map, const FairTunables& tunables, Dispatch& dispatch);

  using Scheduler::add_group;
  GroupId add_group(const GroupConfig& config) override;
  ThreadId add_thread(const ThreadConfig& config) override;
  void wake(ThreadId thread, CpuId waker) override;
  void block(ThreadId thread) override;
  bool yield_to(ThreadId from, ThreadId to) override;
  ThreadId running(CpuId cpu) const override { return cpus_[at(cpu)].current; }
  CpuId cpu_of(ThreadId thread) const override { return threads_[at(thread)].cpu; }
  bool runnable(ThreadId thread) const override { return threads_[at(thread)].runnable; }
  bool contended(CpuId cpu) const override { return cpus_[at(cpu)].threads.size() > 1; }
  void watch(const Localities* localities) override { localities_ = localities; }
  void prefer(ThreadId thread, int node) override { threads_[at(thread)].preferred_node = node; }
  NumaMove move_near(ThreadId thread, int node, bool widely) override;
  void allow(ThreadId thread, const std::vector<CpuId>& cpus) override;
  SchedulerStats stats() const override { return stats_; }

 protected:
  struct Thread : Entity {
    GroupId group = 0;
    std::vector<char> allowed;  // [cpu]; empty: every CPU
    CpuId cpu = kNoCpu;
    bool placed = false;  // has been woken before
    bool runnable = false, on_cpu = false;
    sim::Instant last_ran{};
    DecayedWeight average{};          // while it is runnable
    ThreadId last_wakee = kNoThread;  // wake_wide
    int flips = 0;
    sim::Instant flips_decayed{};
    int preferred_node = -1;  // NUMA balancing; -1: none yet
    CpuId wake_cpu = kNoCpu;  // moved while it slept
  };
  struct Bandwidth {
    Bandwidth(sim::Engine& engine, Fair& owner, GroupId id);
    void on_refill() { fair.refill(*this); }
    void on_slack() { fair.distribute(*this); }
    Fair& fair;
    GroupId group;
    double quota_ns = 0.0, pool_ns = 0.0;
    sim::Duration period{};
    sim::Event refill;
    sim::Event slack;
  };
  struct Group {
    double shares = 1024.0;
    std::vector<ThreadId> threads;
    DecayedWeight average{};                 // of its threads
    std::unique_ptr<Bandwidth> bandwidth{};  // null: no quota
    bool interrupts = false;
  };
  struct GroupOnCpu : Entity {
    double min_v = 0.0;  // of the threads' queue
    double load = 0.0;   // sum of runnable threads' weights
    int threads = 0;
    double runtime_ns = 0.0;  // of its quota, left here; negative: debt
    bool throttled = false;
    std::vector<ThreadId> parked{};  // runnable, but throttled
    DecayedWeight average{};         // of threads that are here or were last
  };
  struct Cpu {
    Cpu(sim::Engine& engine, Fair& owner, CpuId self);
    void on_tick() { fair.tick(id); }
    void on_balance() { fair.balance_busy(id); }
    Fair& fair;
    CpuId id;
    std::vector<ThreadId> threads;  // runnable, the running one included
    int interrupts = 0;             // of those
    bool softirqd = false;          // interrupts have gone on for so long that they queue
    std::vector<GroupId> groups;    // with a runnable thread
    std::vector<GroupOnCpu> state;  // [group]
    ThreadId current = kNoThread;
    double min_v = 0.0;
    sim::Instant accounted{};                        // of current's runtime
    double group_ran_ns = 0.0, thread_ran_ns = 0.0;  // since each was picked
    sim::Instant idle_since{};
    double average_idle_ns = 0.0;
    std::vector<sim::Instant> next_balance;  // [domain]
    std::vector<int> failed, interval_ms;    // [domain]
    sim::Event tick;
    sim::Instant tick_due = sim::kNever;  // a pending tick may be earlier: it then waits on
    sim::Event balance;
  };
  template <class Index>
  static std::size_t at(Index index) {
    return static_cast<std::size_t>(index);
  }
  enum class Arrival { fork, wake, move };

  // --- policy ---
  // A thread has joined its group's queue (it is listed and counted there): give it its v. `from`
  // is the CPU where it was before.
  virtual void place(Cpu& cpu, ThreadId thread, Arrival arrival, const Cpu& from) = 0;
  // Its group has joined the CPU's queue with it.
  virtual void place_group(Cpu& cpu, GroupId group) = 0;
  // The thread is about to leave, to sleep or to another CPU; `last`: its group leaves, too.
  virtual void leave(Cpu& cpu, ThreadId thread, bool to_sleep, bool last) = 0;
  // The current thread and its group have run up to their v.
  virtual void has_run(Cpu& cpu) = 0;
  // The group's weight here was `before`.
  virtual void reweighed(Cpu& cpu, GroupId group, double before) = 0;
  virtual ThreadId pick(const Cpu& cpu) const = 0;
  // `next` gets the CPU; `group_too`: its group had not had it.
  virtual void picked(Cpu& cpu, ThreadId next, bool group_too) = 0;
  virtual bool wakeup_preempts(const Cpu& cpu, ThreadId thread) const = 0;
  // Whether a thread that others yield to may be next: a buddy of its queue and its group's.
  virtual bool may_be_next(const Cpu& cpu, ThreadId thread) const = 0;
  // Running time of the current thread from now after which a tick has something to decide.
  virtual double undisturbed_ns(const Cpu& cpu) const = 0;

  sim::Engine& engine_;
  FairTunables tunables_;
  double scale_;  // of times that grow with CPUs, semantics.md 1.2
  sim::Duration tick_period_;
  std::vector<Thread> threads_;
  std::deque<Cpu> cpus_;

  GroupOnCpu& group_of(Cpu& cpu, ThreadId thread) {
    return cpu.state[at(threads_[at(thread)].group)];
  }
  double nice0() const { return 1024.0; }  // weight of nice 0, the unit of virtual time
  void account(Cpu& cpu);

 private:
  enum class Idleness { busy, idle, newly_idle };
  struct GroupLoad;
  struct NumaSearch;
  bool allowed(const Thread& thread, CpuId cpu) const {
    return thread.allowed.empty() || thread.allowed[at(cpu)] != 0;
  }
  bool idle(CpuId cpu) const { return queued_[at(cpu)] == 0; }
  double load(CpuId c) const { return loads_[at(c)] >= 0 ? loads_[at(c)] : sum_load(c); }
  double sum_load(CpuId cpu) const;

  // fair.cpp: who runs
  void prepare();
  void become(Thread& thread, bool runnable);
  void put(Thread& thread, CpuId cpu);
  void reweigh(Cpu& cpu, GroupId group);
  void advance_min_v(Cpu& cpu);
  void enqueue(Cpu& cpu, ThreadId thread, Arrival arrival, const Cpu& from);
  void dequeue(Cpu& cpu, ThreadId thread, bool to_sleep);
  void dispatch(Cpu& cpu, ThreadId next);
  ThreadId next_thread(Cpu& cpu);
  void reschedule(Cpu& cpu);
  void tick(CpuId cpu);
  bool interrupted(const Cpu& cpu) const;
  void arm_tick(Cpu& cpu);
  sim::Instant tick_after(double delay_ns) const;
  void note_queue(Cpu& cpu);

  // bandwidth.cpp: quotas
  void spend(Cpu& cpu, GroupId group, double ran_ns);
  bool afford(Cpu& cpu, GroupId group);
  double affordable_ns(const Cpu& cpu) const;
  void park(Cpu& cpu, GroupId group);
  void unpark(Cpu& cpu, GroupId group);
  void give_back(Cpu& cpu, GroupId group);
  void distribute(Bandwidth& limit);
  void refill(Bandwidth& limit);

  // placement.cpp: where a waking thread goes
  CpuId place_new(const Thread& thread, CpuId from) const;
  CpuId place_waking(Thread& thread, ThreadId id, CpuId waker);
  bool wake_wide(Thread& thread, ThreadId id, CpuId waker);
  bool attracts(CpuId waker, const Thread& woken, CpuId previous) const;
  CpuId idle_sibling(const Thread& thread, CpuId previous, CpuId target) const;

  // balance.cpp: moving waiting and running threads
  void arm_balance(Cpu& cpu);
  void arm_nohz();
  void balance_busy(CpuId cpu);
  void balance_idle();
  void balance_newly_idle(Cpu& cpu);
  int balance_domain(Cpu& cpu, std::size_t domain, Idleness idleness);
  void refresh(CpuId cpu);
  void weigh_anew(CpuId cpu);
  GroupLoad group_load(const std::vector<CpuId>& group) const;
  CpuId busiest_cpu(const std::vector<CpuId>& group, CpuId pulling, bool numa) const;
  int pull(Cpu& to, Cpu& from, double wanted, int failed, bool take_hot, bool one);
  bool pull_running(Cpu& to, Cpu& from);
  void move(ThreadId thread, Cpu& from, Cpu& to);
  void note_migration(ThreadId thread, CpuId from, CpuId to);

  // fair_numa.cpp: preferred nodes
  int strangers(const Cpu& cpu) const;
  int locality_lost(ThreadId thread, const Cpu& from, const Cpu& to, bool idle) const;
  double worth(ThreadId thread) const;
  void search(NumaSearch& found, int node) const;
  bool relocate(ThreadId thread, Cpu& to);

  CpuMap map_;
  std::vector<std::vector<CpuId>> llc_cpus_;   // [llc], ascending
  std::vector<std::vector<CpuId>> core_cpus_;  // [core], ascending
  std::vector<int> llc_idle_;                  // [llc] CPUs with nothing queued
  // What balancing asks of every CPU, far more often than it changes. [cpu]
  std::vector<int> queued_;              // runnable threads, without interrupts
  mutable std::vector<double> loads_;    // sum of its groups' weights; negative: not yet known
  std::vector<sim::Instant> refreshed_;  // refresh()
  Dispatch& dispatch_;
  const Localities* localities_ = nullptr;    // null: NUMA nodes are not balanced
  std::vector<std::vector<Domain>> domains_;  // [cpu][level]
  std::vector<Group> groups_;
  sim::Event nohz_;
  int overloaded_ = 0, idle_cpus_ = 0;       // CPUs with two or more runnable threads, with none
  bool movable_ = false, prepared_ = false;  // movable: some thread has more than one CPU
  SchedulerStats stats_;
};

}  // namespace models::scheduler
