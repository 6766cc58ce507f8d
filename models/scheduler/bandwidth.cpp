// CFS bandwidth control (cgroup cpu.cfs_quota_us, cpu.max) over VM groups, under CFS and EEVDF
// alike.
//
// Each period a group's pool is filled with its quota. A CPU on which the group runs takes slices
// of 5 ms from the pool; its use is accounted at ticks and switches, so it may run into debt, which
// the next period pays. With debt and nothing in the pool the group's threads on that CPU are
// parked: runnable, on no queue, until the pool has enough to make up the debt. Source
// semantics.md 1.5 (kernel/sched/fair.c 4.19; local slices do not expire, as from 5.4).
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

FairBandwidth::FairBandwidth(sim::Engine& engine, Fair& owner, GroupId id)
    : fair{owner},
      group{id},
      refill{sim::Event::calling<&FairBandwidth::on_refill>(engine, *this)},
      slack{sim::Event::calling<&FairBandwidth::on_slack>(engine, *this)} {}

void FairBandwidth::on_refill() {
  fair.refill(*this);
}

void FairBandwidth::on_slack() {
  fair.distribute(*this);
}

// Whether the group may go on here; takes a slice when it has used up its own.
bool Fair::take(GroupOnCpu& group) {
  Bandwidth& limit = *group.whole->bandwidth;
  double& left_ns = group.runtime_ns;
  if (!limit.refill.pending()) {
    limit.pool_ns = limit.quota_ns;
    limit.refill.after(limit.period);
  }
  if (left_ns > 0.0) return true;
  const double granted_ns = std::min(limit.pool_ns, kSlice_ns - left_ns);
  limit.pool_ns -= granted_ns;
  left_ns += granted_ns;
  return left_ns > 0.0;
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

void Fair::unpark(Cpu& cpu, GroupOnCpu& group) {
  group.throttled = false;
  account_alone(cpu);
  std::vector<ThreadId> waiting;
  waiting.swap(group.parked);
  for (const ThreadId thread : waiting) enqueue(cpu, threads_[at(thread)], Arrival::move);
  if (waiting.empty()) return;
  if (cpu.current == nullptr || wakeup_preempts(cpu, threads_[at(waiting.front())])) {
    reschedule(cpu);
  } else {
    arm_tick(cpu);
    arm_balance(cpu);
  }
}

// A CPU that the group has left keeps a little and gives the rest back.
void Fair::give_back_most(GroupOnCpu& group) {
  Bandwidth* const limit = group.whole->bandwidth.get();
  double& left_ns = group.runtime_ns;
  if (left_ns <= kKept_ns) return;
  limit->pool_ns += left_ns - kKept_ns;
  left_ns = kKept_ns;
  const bool soon = limit->refill.pending() && limit->refill.time() - engine_.now() < kNoSlack;
  if (limit->pool_ns > kSlice_ns && !soon && !limit->slack.pending()) limit->slack.after(kSlack);
}

// Each CPU in debt gets what makes it up, in their order, as long as the pool lasts.
void Fair::distribute(Bandwidth& limit) {
  for (const auto& cpu : cpus_) {
    GroupOnCpu* const group = groups_[at(limit.group)].known_on(cpu->id);
    if (group == nullptr || !group->throttled) continue;
    const double granted_ns = std::min(limit.pool_ns, kEnough_ns - group->runtime_ns);
    limit.pool_ns -= granted_ns;
    group->runtime_ns += granted_ns;
    if (group->runtime_ns > 0.0) unpark(*cpu, *group);
  }
}

void Fair::refill(Bandwidth& limit) {
  limit.pool_ns = limit.quota_ns;
  limit.refill.after(limit.period);
  distribute(limit);
}

}  // namespace models::scheduler
