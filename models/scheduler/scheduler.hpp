// The contract every VMM scheduler meets: threads become runnable, the scheduler says who runs.
//
// Models  policies behind one interface (cfs.hpp), chosen in the composition root.
// Omits   what a thread does while it runs; the owner computes that and calls block() or wake().
// Checked tests/models/scheduler, validation subsystem "scheduler".
#pragma once

#include <cstdint>
#include <vector>

#include "sim/error.hpp"
#include "sim/units.hpp"

namespace models::scheduler {

using CpuId = int;     // dense, 0 .. cpus-1: a hardware thread as the host OS numbers it
using ThreadId = int;  // dense, in order of add_thread
using GroupId = int;   // dense, in order of add_group: one per VM
using LimitId = int;   // dense, in order of add_limit
inline constexpr ThreadId kNoThread = -1;
inline constexpr CpuId kNoCpu = -1;
inline constexpr LimitId kNoLimit = -1;

// Where CPUs stand to each other; each vector is indexed by CpuId.
struct CpuMap {
  std::vector<int> core;  // CPUs with equal core are SMT siblings
  std::vector<int> llc;   // CPUs with equal llc share a last-level cache
  std::vector<int> node;  // NUMA node
  std::vector<int> socket;
  std::vector<std::vector<int>> distance;  // [node][node], SLIT, 10 = local
};

struct GroupConfig {
  double shares = 1024.0;  // cgroup cpu.shares
  sim::Duration quota{};   // CPU time in each period, all CPUs together; zero: no limit
  sim::Duration period{100'000'000'000};  // 100 ms
  // Its threads stand for interrupts: no queue is longer for them, until one has gone on for 2 ms
  // beside others and is a thread as any (ksoftirqd).
  bool interrupts = false;
};

struct ThreadConfig {
  GroupId group = 0;
  double weight = 1024.0;      // nice 0, semantics.md 1.1
  LimitId limit = kNoLimit;    // beside its group's
  std::vector<CpuId> allowed;  // ascending; empty: every CPU
};

// Called by the scheduler; must not call back into it.
class Dispatch {
 public:
  virtual ~Dispatch() = default;
  // CPU `cpu` stops running `previous` (kNoThread: was idle) and runs `next` (kNoThread: idles).
  // A thread that was preempted is still runnable; one that blocked is not.
  virtual void switched(CpuId cpu, ThreadId previous, ThreadId next) = 0;
  // A runnable, not running thread was queued on another CPU by load balancing or at wake-up.
  virtual void migrated(ThreadId thread, CpuId from, CpuId to) = 0;
};

// What a kernel that balances NUMA nodes knows of its threads' memory.
class Localities {
 public:
  virtual ~Localities() = default;
  // Threads of one group share memory; -1: it shares with nobody.
  virtual int group(ThreadId thread) const = 0;
  // Parts in a thousand of the thread's (its group's) hinting faults on and near the node.
  virtual double weight(ThreadId thread, int node) const = 0;
  virtual double group_weight(ThreadId thread, int node) const = 0;
};

struct NumaMove {
  int node = -1;       // the one to prefer from now on
  bool moved = false;  // there, from another node
};

struct SchedulerStats {
  std::uint64_t switches = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t wakeups = 0;
  std::uint64_t migrations = 0;       // moves of a thread to another CPU
  std::uint64_t node_migrations = 0;  // of these, to another NUMA node
  std::uint64_t throttles = 0;        // a quota used up on a CPU
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual GroupId add_group(const GroupConfig& config) = 0;
  GroupId add_group(double shares) { return add_group(GroupConfig{.shares = shares}); }
  // CPU time that the threads which name it share in each period: libvirt's cgroups of vCPUs and
  // emulators. A policy without them throws sim::ModelError.
  virtual LimitId add_limit(sim::Duration quota, sim::Duration period);
  virtual ThreadId add_thread(const ThreadConfig& config) = 0;  // starts blocked
  // Makes a blocked thread runnable. `waker` is the CPU on which the wake-up happens (a thread
  // running there, or an interrupt); kNoCpu: where the thread last ran. Its first wake-up is a
  // fork: placed as the policy places new threads.
  virtual void wake(ThreadId thread, CpuId waker) = 0;
  // The thread running on its CPU goes to sleep. Requires that it is running.
  virtual void block(ThreadId thread) = 0;
  virtual ThreadId running(CpuId cpu) const = 0;
  virtual CpuId cpu_of(ThreadId thread) const = 0;   // where it runs, waits, or last ran
  virtual bool runnable(ThreadId thread) const = 0;  // running or waiting for a CPU
  // KVM's directed yield: `from`, which runs, gives way to `to`, which waits for a CPU. False when
  // the policy does not let `to` run now; then nothing has changed.
  virtual bool yield_to(ThreadId from, ThreadId to);
  // NUMA balancing (fair_numa.cpp); a policy that knows nothing of it does nothing.
  virtual void watch(const Localities*) {}
  virtual void prefer(ThreadId, int /*node*/) {}
  // Brings the thread to the node it prefers, or near it: to an idle CPU or in exchange for a
  // thread that gains or loses less. `widely`: its group uses several nodes.
  virtual NumaMove move_near(ThreadId, int node, bool /*widely*/) { return {.node = node}; }
  // sched_setaffinity: from now on it runs only there, at once if it runs elsewhere.
  virtual void allow(ThreadId, const std::vector<CpuId>&) {}
  virtual bool contended(CpuId cpu) const = 0;  // somebody waits on its queue
  virtual SchedulerStats stats() const = 0;
};

inline bool Scheduler::yield_to(ThreadId, ThreadId) {
  return false;
}
inline LimitId Scheduler::add_limit(sim::Duration, sim::Duration) {
  throw sim::ModelError{"scheduler: quotas of threads are not of this policy"};
}

}  // namespace models::scheduler
