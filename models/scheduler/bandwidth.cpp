// CFS bandwidth control (cgroup cpu.cfs_quota_us, cpu.max) over VM groups and over threads inside
// them (libvirt's cgroups of vCPUs and emulators), under CFS and EEVDF alike.
//
// Each period a group's pool is filled with its quota. A CPU on which the group runs takes slices
// of 5 ms from the pool; its use is accounted at ticks and switches, so it may run into debt, which
// the next period pays. With debt and nothing in the pool the group's threads on that CPU are
// parked: runnable, on no queue, until the pool has enough to make up the debt. A thread with a
// quota of its own takes what it has left of a slice along to other CPUs, where the kernel leaves
// up to 1 ms behind. Source semantics.md 1.5 (kernel/sched/fair.c 4.19; local slices do not expire,
// as from 5.4).
#include <algorithm>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr double kSlice_ns = 5e6;   // sched_cfs_bandwidth_slice_us
constexpr double kKept_ns = 1e6;    // min_cfs_rq_runtime: what an idle CPU does not give back
constexpr double kEnough_ns = 1.0;  // a CPU that was in debt is freed with this much
constexpr sim::Duration kSlack{5'000'000'000};    // cfs_bandwidth_slack_period
constexpr sim::Duration kNoSlack{7'000'000'000};  // nearer to the refill than this, it waits for it

}  // namespace

FairBandwidth::FairBandwidth(sim::Engine& clock, Fair& owner, GroupId of, sim::Duration quota,
                             sim::Duration each)
    : engine{clock},
      fair{owner},
      group{of},
      quota_ns{nanoseconds(quota)},
      period{each},
      refill{sim::Event::calling<&FairBandwidth::on_refill>(engine, *this)},
      slack{sim::Event::calling<&FairBandwidth::on_slack>(engine, *this)} {}

void FairBandwidth::on_refill() {
  fair.refill(*this);
}

void FairBandwidth::on_slack() {
  fair.distribute(*this);
}

bool FairBandwidth::take(double& left_ns) {
  if (!refill.pending()) {
    pool_ns = quota_ns;
    refill.after(period);
  }
  if (left_ns > 0.0) return true;
  const double granted_ns = std::min(pool_ns, kSlice_ns - left_ns);
  pool_ns -= granted_ns;
  left_ns += granted_ns;
  return left_ns > 0.0;
}

void FairBandwidth::give_back(double& left_ns) {
  if (left_ns <= kKept_ns) return;
  pool_ns += left_ns - kKept_ns;
  left_ns = kKept_ns;
  const bool soon = refill.pending() && refill.time() - engine.now() < kNoSlack;
  if (pool_ns > kSlice_ns && !soon && !slack.pending()) slack.after(kSlack);
}

bool FairBandwidth::make_up(double& left_ns) {
  const double granted_ns = std::min(pool_ns, kEnough_ns - left_ns);
  pool_ns -= granted_ns;
  left_ns += granted_ns;
  return left_ns > 0.0;
}

LimitId Fair::add_limit(sim::Duration quota, sim::Duration period) {
  limits_.emplace_back(engine_, *this, kNoGroup, quota, period);
  return static_cast<LimitId>(limits_.size()) - 1;
}

// What the thread cannot afford stands still: its group on this CPU, or it alone.
void Fair::park_short(Cpu& cpu, Thread& thread) {
  if (!thread.here->may_run()) return park(cpu, *thread.here);
  thread.throttled = true;
  ++stats_.throttles;
  dequeue(cpu, thread, false);
}

void Fair::park(Cpu& cpu, GroupOnCpu& group) {
  group.throttled = true;
  ++stats_.throttles;
  const std::vector<Thread*> queued = cpu.threads;
  for (Thread* const thread : queued) {
    if (thread->here != &group) continue;
    dequeue(cpu, *thread, false);
    group.parked.push_back(thread->id);
  }
}

// Threads have come back to the queue, this one first.
void Fair::requeue(Cpu& cpu, const Thread& first) {
  if (cpu.current == nullptr || wakeup_preempts(cpu, first)) {
    reschedule(cpu);
  } else {
    arm_tick(cpu);
    arm_balance(cpu);
  }
}

void Fair::unpark(Cpu& cpu, GroupOnCpu& group) {
  group.throttled = false;
  account_alone(cpu);
  std::vector<ThreadId> waiting;
  waiting.swap(group.parked);
  for (const ThreadId thread : waiting) enqueue(cpu, threads_[at(thread)], Arrival::move);
  if (!waiting.empty()) requeue(cpu, threads_[at(waiting.front())]);
}

void Fair::unpark(Thread& thread) {
  thread.throttled = false;
  if (thread.here->throttled) return thread.here->parked.push_back(thread.id);
  Cpu& cpu = cpu_at(thread.cpu);
  account_alone(cpu);
  enqueue(cpu, thread, Arrival::move);
  requeue(cpu, thread);
}

// Each in debt gets what makes it up, in their order, as long as the pool lasts.
void Fair::distribute(Bandwidth& limit) {
  for (const ThreadId id : limit.threads) {
    Thread& thread = threads_[at(id)];
    if (thread.throttled && limit.make_up(thread.runtime_ns)) unpark(thread);
  }
  if (limit.group == kNoGroup) return;
  for (const auto& cpu : cpus_) {
    GroupOnCpu* const group = groups_[at(limit.group)].known_on(cpu->id);
    if (group == nullptr || !group->throttled) continue;
    if (limit.make_up(group->runtime_ns)) unpark(*cpu, *group);
  }
}

void Fair::refill(Bandwidth& limit) {
  limit.pool_ns = limit.quota_ns;
  limit.refill.after(limit.period);
  distribute(limit);
}

}  // namespace models::scheduler
