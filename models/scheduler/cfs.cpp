#include "models/scheduler/cfs.hpp"

#include <algorithm>
#include <limits>

namespace models::scheduler {

Cfs::Cfs(sim::Engine& engine, const CpuMap& map, const CfsTunables& tunables, Dispatch& dispatch)
    : Fair{engine, map, tunables, dispatch},
      nr_latency_{tunables.nr_latency},
      yields_hold_{tunables.yields_hold},
      latency_ns_{nanoseconds(tunables.latency) * scale_},
      min_granularity_ns_{nanoseconds(tunables.min_granularity) * scale_},
      wakeup_granularity_ns_{nanoseconds(tunables.wakeup_granularity) * scale_} {}

// While queued, v is absolute on its queue; between CPUs it is relative to the queue's min_v; while
// asleep it stays absolute, so that what the queue goes on meanwhile is the sleeper's credit.
void Cfs::place(Cpu& cpu, ThreadId id, Arrival arrival, const Cpu& from) {
  Thread& thread = threads_[at(id)];
  GroupOnCpu& group = group_of(cpu, id);
  if (arrival == Arrival::fork) {
    // START_DEBIT: a new thread begins one slice behind.
    thread.v =
        group.min_v + slice_ns(group.threads, thread.weight, group.load) * nice0() / thread.weight;
    return;
  }
  if (arrival == Arrival::wake) thread.v -= from.state[at(thread.group)].min_v;
  thread.v += group.min_v;
  // GENTLE_FAIR_SLEEPERS: a sleeper is placed at most half a latency behind.
  if (arrival == Arrival::wake) thread.v = std::max(thread.v, group.min_v - latency_ns_ / 2);
}

void Cfs::place_group(Cpu& cpu, GroupId id) {
  GroupOnCpu& group = cpu.state[at(id)];
  group.v = std::max(group.v, cpu.min_v - latency_ns_ / 2);
}

void Cfs::leave(Cpu& cpu, ThreadId id, bool to_sleep, bool) {
  if (!to_sleep) threads_[at(id)].v -= group_of(cpu, id).min_v;
}

ThreadId Cfs::pick(const Cpu& cpu) const {
  if (cpu.threads.empty()) return kNoThread;
  GroupId first = cpu.groups.front();
  for (const GroupId group : cpu.groups) {
    if (cpu.state[at(group)].v < cpu.state[at(first)].v) first = group;
  }
  ThreadId best = kNoThread;
  for (const ThreadId id : cpu.threads) {
    if (threads_[at(id)].group != first) continue;
    if (best == kNoThread || threads_[at(id)].v < threads_[at(best)].v) best = id;
  }
  return best;
}

bool Cfs::wakeup_preempts(const Cpu& cpu, ThreadId id) const {
  const Thread& woken = threads_[at(id)];
  const Thread& current = threads_[at(cpu.current)];
  if (woken.group == current.group) {
    return current.v - woken.v > wakeup_granularity_ns_ * nice0() / woken.weight;
  }
  const GroupOnCpu& mine = cpu.state[at(woken.group)];
  return cpu.state[at(current.group)].v - mine.v > wakeup_granularity_ns_ * nice0() / mine.weight;
}

// pick_next_entity: the next buddy, unless it is more than wakeup_granularity behind the first.
bool Cfs::may_be_next(const Cpu& cpu, ThreadId id) const {
  const Thread& thread = threads_[at(id)];
  const GroupOnCpu& own = cpu.state[at(thread.group)];
  for (const GroupId group : cpu.groups) {
    const double lead_ns = own.v - cpu.state[at(group)].v;
    if (lead_ns > wakeup_granularity_ns_ * nice0() / own.weight) return false;
  }
  for (const ThreadId other : cpu.threads) {
    if (threads_[at(other)].group != thread.group) continue;
    if (thread.v - threads_[at(other)].v > wakeup_granularity_ns_ * nice0() / thread.weight)
      return false;
  }
  return true;
}

bool Cfs::yield_to(ThreadId from, ThreadId to) {
  if (yields_hold_) fall_behind(from, to);
  return Fair::yield_to(from, to);
}

// deboost_yield_task: as far as lets the other be next.
void Cfs::fall_behind(ThreadId yielding, ThreadId next) {
  Thread& own = threads_[at(yielding)];
  const Thread& other = threads_[at(next)];
  if (!own.on_cpu || !other.runnable || own.cpu != other.cpu || own.group != other.group) return;
  account(cpus_[at(own.cpu)]);
  const double granularity_ns = wakeup_granularity_ns_ * nice0() / other.weight;
  own.v = std::max(own.v, other.v - granularity_ns + 1.0);
}

double Cfs::slice_ns(int entities, double weight, double total) const {
  const double period_ns = entities > nr_latency_ ? entities * min_granularity_ns_ : latency_ns_;
  return period_ns * weight / total;
}

// Running time from now after which check_preempt_tick asks for a switch on one level: the slice
// is used up, or min_granularity has passed and the leader is a slice of virtual time behind.
// `lead_ns` is current.v - first.v now.
double Cfs::preemption_ns(double ran_ns, double lead_ns, double slice, double weight) const {
  const double slice_end_ns = slice - ran_ns;
  const double fair_end_ns =
      std::max(min_granularity_ns_ - ran_ns, (slice - lead_ns) * weight / nice0());
  return std::max(0.0, std::min(slice_end_ns, fair_end_ns));
}

double Cfs::undisturbed_ns(const Cpu& cpu) const {
  const Thread& current = threads_[at(cpu.current)];
  const GroupOnCpu& own = cpu.state[at(current.group)];
  double soonest_ns = std::numeric_limits<double>::max();
  if (cpu.groups.size() > 1) {
    double total = 0.0;
    double least = std::numeric_limits<double>::max();
    for (const GroupId group : cpu.groups) {
      total += cpu.state[at(group)].weight;
      if (group != current.group) least = std::min(least, cpu.state[at(group)].v);
    }
    const double slice = slice_ns(static_cast<int>(cpu.groups.size()), own.weight, total);
    soonest_ns = preemption_ns(cpu.group_ran_ns, own.v - least, slice, own.weight);
  }
  if (own.threads > 1) {
    double least = std::numeric_limits<double>::max();
    for (const ThreadId id : cpu.threads) {
      const Thread& thread = threads_[at(id)];
      if (id != cpu.current && thread.group == current.group) least = std::min(least, thread.v);
    }
    // sched_slice multiplies the shares of every level.
    double total = 0.0;
    for (const GroupId group : cpu.groups) total += cpu.state[at(group)].weight;
    const double slice = slice_ns(own.threads, current.weight, own.load) * own.weight / total;
    soonest_ns = std::min(
        soonest_ns, preemption_ns(cpu.thread_ran_ns, current.v - least, slice, current.weight));
  }
  return soonest_ns;
}

}  // namespace models::scheduler
