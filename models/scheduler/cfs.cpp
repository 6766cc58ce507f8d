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
void Cfs::place(Cpu&, Thread& thread, Arrival arrival, const GroupOnCpu& from) {
  const GroupOnCpu& group = *thread.here;
  if (arrival == Arrival::fork) {
    // START_DEBIT: a new thread begins one slice behind.
    thread.v =
        group.min_v + slice_ns(group.threads, thread.weight, group.load) * nice0() / thread.weight;
    return;
  }
  if (arrival == Arrival::wake) thread.v -= from.min_v;
  thread.v += group.min_v;
  // GENTLE_FAIR_SLEEPERS: a sleeper is placed at most half a latency behind.
  if (arrival == Arrival::wake) thread.v = std::max(thread.v, group.min_v - latency_ns_ / 2);
}

void Cfs::place_group(Cpu& cpu, GroupOnCpu& group) {
  group.v = std::max(group.v, cpu.min_v - latency_ns_ / 2);
}

void Cfs::leave(Cpu&, Thread& thread, bool to_sleep, bool) {
  if (!to_sleep) thread.v -= thread.here->min_v;
}

Fair::Thread* Cfs::pick(const Cpu& cpu) const {
  const GroupOnCpu* first = cpu.groups.front();
  for (const GroupOnCpu* const group : cpu.groups) {
    if (group->v < first->v) first = group;
  }
  Thread* best = nullptr;
  for (Thread* const thread : cpu.threads) {
    if (thread->here != first) continue;
    if (best == nullptr || thread->v < best->v) best = thread;
  }
  return best;
}

bool Cfs::wakeup_preempts(const Cpu& cpu, const Thread& woken) const {
  const Thread& current = *cpu.current;
  if (woken.group == current.group) {
    return current.v - woken.v > wakeup_granularity_ns_ * nice0() / woken.weight;
  }
  const GroupOnCpu& mine = *woken.here;
  return current.here->v - mine.v > wakeup_granularity_ns_ * nice0() / mine.weight;
}

// pick_next_entity: the next buddy, unless it is more than wakeup_granularity behind the first.
bool Cfs::may_be_next(const Cpu& cpu, const Thread& thread) const {
  const GroupOnCpu& own = *thread.here;
  for (const GroupOnCpu* const group : cpu.groups) {
    if (own.v - group->v > wakeup_granularity_ns_ * nice0() / own.weight) return false;
  }
  for (const Thread* const other : cpu.threads) {
    if (other->here != &own) continue;
    if (thread.v - other->v > wakeup_granularity_ns_ * nice0() / thread.weight) return false;
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
  account_alone(cpu_at(own.cpu));
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
  const Thread& current = *cpu.current;
  const GroupOnCpu& own = *current.here;
  double soonest_ns = std::numeric_limits<double>::max();
  double total = 0.0;
  double least = std::numeric_limits<double>::max();
  for (const GroupOnCpu* const group : cpu.groups) {
    total += group->weight;
    if (group != &own) least = std::min(least, group->v);
  }
  if (cpu.groups.size() > 1) {
    const double slice = slice_ns(static_cast<int>(cpu.groups.size()), own.weight, total);
    soonest_ns = preemption_ns(cpu.group_ran_ns, own.v - least, slice, own.weight);
  }
  if (own.threads > 1) {
    least = std::numeric_limits<double>::max();
    for (const Thread* const thread : cpu.threads) {
      if (thread != &current && thread->here == &own) least = std::min(least, thread->v);
    }
    // sched_slice multiplies the shares of every level.
    const double slice = slice_ns(own.threads, current.weight, own.load) * own.weight / total;
    soonest_ns = std::min(
        soonest_ns, preemption_ns(cpu.thread_ran_ns, current.v - least, slice, current.weight));
  }
  return soonest_ns;
}

}  // namespace models::scheduler
