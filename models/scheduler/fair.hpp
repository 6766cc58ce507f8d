// What Linux's fair schedulers have in common: VM groups over threads, on each CPU a queue of both;
// wake placement, load balancing, ticks. CFS and EEVDF differ in who runs next and until when.
// Two levels, as libvirt lays them out: VM groups of cpu.shares on each CPU, threads inside.
//   group weight on a CPU = shares * load there / max(load of the group everywhere, load there)
//
// Models  sleeper and fork placement by policy, wake-affine and idle-sibling placement, balancing
//         of SMT, LLC, node, NUMA: busy, idle (nohz), newly idle, active; cache-hot threads stay.
//         Quotas of groups and of threads in them (bandwidth.cpp). Moves to preferred nodes
//         (fair_numa.cpp).
// Omits   real-time classes, SIS_PROP's scan limit; blocked load counts through its 32 ms average.
// Source  semantics.md 1.1-1.4, 1.7-1.9 (sched/fair.c 4.19, 4.13). Ticks are aligned (skew_tick=0).
// Checked tests/models/scheduler; validation subsystem scheduler.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/scheduler/decayed_weight.hpp"
#include "models/scheduler/domains.hpp"
#include "models/scheduler/fair_state.hpp"
#include "models/scheduler/idle_cpus.hpp"
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
  LimitId add_limit(sim::Duration quota, sim::Duration period) override;
  ThreadId add_thread(const ThreadConfig& config) override;
  void wake(ThreadId thread, CpuId waker) override;
  void block(ThreadId thread) override;
  bool yield_to(ThreadId from, ThreadId to) override;
  ThreadId running(CpuId cpu) const override {
    const Thread* current = cpu_at(cpu).current;
    return current == nullptr ? kNoThread : current->id;
  }
  CpuId cpu_of(ThreadId thread) const override { return threads_[at(thread)].cpu; }
  bool runnable(ThreadId thread) const override { return threads_[at(thread)].runnable; }
  bool contended(CpuId cpu) const override { return cpu_at(cpu).threads.size() > 1; }
  void watch(const Localities* localities) override { localities_ = localities; }
  void prefer(ThreadId thread, int node) override { threads_[at(thread)].preferred_node = node; }
  NumaMove move_near(ThreadId thread, int node, bool widely) override;
  void allow(ThreadId thread, const std::vector<CpuId>& cpus) override;
  SchedulerStats stats() const override { return stats_; }

 protected:
  using Thread = FairThread;
  using Group = FairGroup;
  using Bandwidth = FairBandwidth;
  using Cpu = FairCpu;
  template <class Index>
  static std::size_t at(Index index) {
    return static_cast<std::size_t>(index);
  }
  enum class Arrival { fork, wake, move };

  // --- policy ---
  // A thread has joined its group's queue (it is listed and counted there): give it its v. `from`
  // is its group's queue on the CPU where it was before.
  virtual void place(Cpu& cpu, Thread& thread, Arrival arrival, const GroupOnCpu& from) = 0;
  // Its group has joined the CPU's queue with it.
  virtual void place_group(Cpu& cpu, GroupOnCpu& group) = 0;
  // The thread is about to leave, to sleep or to another CPU; `last`: its group leaves, too.
  virtual void leave(Cpu& cpu, Thread& thread, bool to_sleep, bool last) = 0;
  // Of two threads or more.
  virtual Thread* pick(const Cpu& cpu) const = 0;
  virtual bool wakeup_preempts(const Cpu& cpu, const Thread& thread) const = 0;
  // Whether a thread that others yield to may be next: a buddy of its queue and its group's.
  virtual bool may_be_next(const Cpu& cpu, const Thread& thread) const = 0;
  // Running time of the current thread from now after which a tick has something to decide.
  virtual double undisturbed_ns(const Cpu& cpu) const = 0;
  // Of a policy with requests (with_requests_) alone:
  // The current thread and its group have run up to their v.
  virtual void has_run(Cpu&) {}
  // The group's weight here was `before`.
  virtual void reweighed(Cpu&, GroupOnCpu&, double /*before*/) {}
  // `next` gets the CPU; `group_too`: its group had not had it.
  virtual void picked(Thread& /*next*/, bool /*group_too*/) {}

  Cpu& cpu_at(CpuId cpu) const { return *cpus_[at(cpu)]; }
  static double nice0() { return 1024.0; }  // weight of nice 0, the unit of virtual time
  void account(Cpu& cpu) {
    const sim::Duration ran = engine_.now() - cpu.accounted;
    cpu.accounted = engine_.now();
    if (cpu.current != nullptr && ran > sim::Duration::zero()) charge(cpu, nanoseconds(ran));
  }

  // Where no arm_tick() follows: a tick's due time is that of the accounts up to the last one.
  void account_alone(Cpu& cpu) {
    if (cpu.tick_open) seek_tick(cpu);
    account(cpu);
  }

  sim::Engine& engine_;
  FairTunables tunables_;
  bool with_requests_ = false;  // entities ask for slices, with deadlines
  double scale_;                // of times that grow with CPUs, semantics.md 1.2
  sim::Duration tick_period_;
  std::vector<Thread> threads_;
  std::vector<std::unique_ptr<Cpu>> cpus_;

 private:
  friend FairCpu;
  friend FairBandwidth;
  enum class Idleness { busy, idle, newly_idle };
  struct GroupLoad;
  struct NumaSearch;
  bool allowed(const Thread& thread, CpuId cpu) const {
    return thread.allowed.empty() || thread.allowed[at(cpu)] != 0;
  }
  bool idle(CpuId cpu) const { return queued_[at(cpu)] == 0; }
  static bool interrupt(const Thread& thread) { return thread.whole->interrupts; }
  double load(CpuId c) const { return loads_[at(c)] >= 0 ? loads_[at(c)] : sum_load(c); }
  double sum_load(CpuId cpu) const;

  // fair.cpp: ticks
  void prepare();
  void tick(Cpu& cpu);
  bool interrupted(const Cpu& cpu) const;
  // Whom its CPU runs, or who waits there, has changed.
  void rearm(Cpu& cpu) {
    arm_tick(cpu);
    arm_balance(cpu);
    arm_nohz();
  }
  // Who runs alone has all the time, but for a quota. What a tick has to decide is sought when it
  // comes, unless it may be later than the next one: most are put off before.
  void arm_tick(Cpu& cpu) {
    cpu.tick_open = false;
    cpu.tick_due = sim::kNever;
    if (cpu.current == nullptr) return;
    if (cpu.threads.size() < 2 && cpu.current->unlimited()) return;
    cpu.tick_open = cpu.tick_at <= engine_.now() + tick_period_;
    if (!cpu.tick_open) advance_tick(cpu);
  }
  void advance_tick(Cpu& cpu);
  void seek_tick(Cpu& cpu, bool ticking = false);
  sim::Instant tick_after(sim::Instant from, double delay_ns) const;

  // run_queue.cpp: coming and going, weights, who runs
  void become(Thread& thread, bool runnable);
  void put(Thread& thread, Cpu& cpu) {
    if (thread.cpu != cpu.id) bring(thread, cpu);
  }
  void bring(Thread& thread, Cpu& cpu);
  void charge(Cpu& cpu, double ran_ns);
  void reweigh(Cpu& cpu, GroupOnCpu& group, DecayedWeight::Kept& kept);
  void reweigh_all(Cpu& cpu);
  void weigh_anew(CpuId cpu);
  void enqueue(Cpu& cpu, Thread& thread, Arrival arrival);
  void dequeue(Cpu& cpu, Thread& thread, bool to_sleep);
  void note_queue(Cpu& cpu);
  void dispatch(Cpu& cpu, Thread* next);
  Thread* next_thread(Cpu& cpu);
  void reschedule(Cpu& cpu);

  // bandwidth.cpp: quotas
  void park_short(Cpu& cpu, Thread& thread);
  void park(Cpu& cpu, GroupOnCpu& group);
  void unpark(Cpu& cpu, GroupOnCpu& group);
  void unpark(Thread& thread);
  void distribute(Bandwidth& limit);
  void requeue(Cpu& cpu, const Thread& first);
  void refill(Bandwidth& limit);

  // placement.cpp: where a waking thread goes
  CpuId place_new(const Thread& thread, CpuId from) const;
  CpuId place_waking(Thread& thread, CpuId waker);
  bool wake_wide(const Thread& thread, CpuId waker);
  CpuId affine(const Thread& thread, CpuId waker, CpuId previous) const;
  bool attracts(CpuId waker, const Thread& woken, CpuId previous) const;
  CpuId idle_sibling(const Thread& thread, CpuId previous, CpuId target) const;

  // balance.cpp: moving waiting and running threads
  // Busy CPUs balance at their domains' intervals; only worth an event when some thread may move
  // and some queue is longer than another could be.
  void arm_balance(Cpu& cpu) {
    if (cpu.threads.empty() || !movable_) {
      if (cpu.balance_at != sim::kNever) stop_balance(cpu);
    } else if (cpu.balance_at < cpu.balance_due || cpu.balance_at == sim::kNever) {
      start_balance(cpu);
    }
  }
  void start_balance(Cpu& cpu);
  void stop_balance(Cpu& cpu);
  // Idle CPUs do not tick: while a queue waits somewhere, one of them balances for all at each
  // tick.
  void arm_nohz() {
    if (nohz_pending_ || idle_.count() == 0) return;
    if (movable_ && idle_.count() < static_cast<int>(cpus_.size())) start_nohz();
  }
  void start_nohz();
  void balance_busy(Cpu& cpu);
  void balance_idle();
  void balance_newly_idle(Cpu& cpu);
  int balance_domain(Cpu& cpu, std::size_t domain, Idleness idleness);
  GroupLoad group_load(const std::vector<CpuId>& group) const;
  GroupLoad sum_group(const std::vector<CpuId>& group) const;
  CpuId busiest_cpu(const std::vector<CpuId>& group, CpuId pulling, bool numa) const;
  int pull(Cpu& to, Cpu& from, double wanted, int failed, bool take_hot, bool one);
  bool pull_running(Cpu& to, Cpu& from);
  void move(Thread& thread, Cpu& from, Cpu& to);
  void note_migration(ThreadId thread, CpuId from, CpuId to);

  // fair_numa.cpp: preferred nodes
  static double worth(const Thread& thread);
  int strangers(const Cpu& cpu) const;
  int locality_lost(const Thread& thread, const Cpu& from, const Cpu& to, bool idle) const;
  void search(NumaSearch& found, int node) const;
  bool relocate(Thread& thread, Cpu& to);

  CpuMap map_;
  IdleCpus idle_;
  // What balancing asks of every CPU, far more often than it changes. [cpu]
  std::vector<int> queued_;              // runnable threads, without interrupts
  mutable std::vector<double> loads_;    // sum of its groups' weights; negative: not yet known
  std::vector<sim::Instant> refreshed_;  // weigh_anew()
  Dispatch& dispatch_;
  const Localities* localities_ = nullptr;    // null: NUMA nodes are not balanced
  std::vector<std::vector<Domain>> domains_;  // [cpu][level]
  std::vector<std::vector<bool>> affine_;     // [cpu][cpu]: one wakes threads of the other nearby
  std::deque<Group> groups_;
  std::deque<Bandwidth> limits_;  // [limit]
  sim::Event nohz_;
  bool nohz_pending_ = false;
  int overloaded_ = 0;                       // CPUs with two or more runnable threads
  bool movable_ = false, prepared_ = false;  // movable: some thread has more than one CPU
  SchedulerStats stats_;
};

}  // namespace models::scheduler
