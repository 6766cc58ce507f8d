// Run queues of the fair schedulers: running time booked, group weights, coming and going.
#include <algorithm>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr double kSmallestShare = 2.0;  // MIN_SHARES

// Queues are short and keep their order.
template <class Member>
void drop(std::vector<Member*>& queue, const Member* gone) {
  auto place = queue.begin();
  while (*place != gone) ++place;
  for (auto next = place + 1; next != queue.end(); ++place, ++next) *place = *next;
  queue.pop_back();
}

}  // namespace

// --- accounting -------------------------------------------------------------------------------

void Fair::become(Thread& thread, bool runnable) {
  thread.runnable = runnable;
  if (thread.whole->alone()) return;
  const double more = runnable ? thread.weight : -thread.weight;
  DecayedWeight::Kept kept{engine_.now()};
  thread.average.add(more, kept);
  thread.here->average.add(more, kept);
  thread.whole->average.add(more, kept);
}

void Fair::bring(Thread& thread, Cpu& cpu) {
  GroupOnCpu& there = cpu.state[at(thread.group)];
  if (!thread.whole->alone()) {
    DecayedWeight::Kept kept{engine_.now()};
    thread.average.settle(kept);
    thread.here->average.give(thread.average, there.average, kept);
  }
  thread.here = &there;
  thread.cpu = cpu.id;
}

// The current thread has run for so long.
void Fair::charge(Cpu& cpu, double ran_ns) {
  Thread& thread = *cpu.current;
  GroupOnCpu& group = *thread.here;
  thread.v += ran_ns * nice0() / thread.weight;
  group.v += ran_ns * nice0() / group.weight;
  cpu.thread_ran_ns += ran_ns;
  cpu.group_ran_ns += ran_ns;
  thread.last_ran = engine_.now();
  if (group.whole->bandwidth != nullptr) group.runtime_ns -= ran_ns;
  // min_vruntime never goes back: sleepers are placed by it.
  double least = group.v;
  for (const GroupOnCpu* const other : cpu.groups) least = std::min(least, other->v);
  cpu.min_v = std::max(cpu.min_v, least);
  least = thread.v;
  if (group.threads > 1) {
    for (const Thread* const other : cpu.threads) {
      if (other->here == &group) least = std::min(least, other->v);
    }
  }
  group.min_v = std::max(group.min_v, least);
  has_run(cpu);
}

// calc_group_shares, semantics.md 1.4.
void Fair::reweigh(Cpu& cpu, GroupOnCpu& here) {
  Group& whole = *here.whole;
  const double before = here.weight;
  loads_[at(cpu.id)] = -1.0;
  if (whole.interrupts && cpu.softirqd) {  // a thread of the root group
    here.weight = nice0();
    reweighed(cpu, here, before);
    return;
  }
  if (whole.alone()) {
    here.weight = whole.shares;
    return;
  }
  DecayedWeight::Kept kept{engine_.now()};
  whole.average.settle(kept);
  here.average.settle(kept);
  const double everywhere = whole.average.value();
  const double blocked_here = here.average.value();
  const double load = std::max(here.load, blocked_here);
  const double total = std::max(everywhere - blocked_here + load, 1e-9);
  here.weight = std::clamp(whole.shares * load / total, kSmallestShare, whole.shares);
  reweighed(cpu, here, before);
}

double Fair::sum_load(CpuId id) const {
  const Cpu& cpu = cpu_at(id);
  double load = 0.0;
  for (const GroupOnCpu* const group : cpu.groups) {
    if (!group->whole->interrupts || cpu.softirqd) load += group->weight;
  }
  return loads_[at(id)] = load;
}

// --- queues -----------------------------------------------------------------------------------

void Fair::enqueue(Cpu& cpu, Thread& thread, Arrival arrival) {
  const GroupOnCpu& from = *thread.here;
  // A pull by a CPU that is newly idle ends no idle time.
  if (cpu.threads.empty() && cpu.current == nullptr) {
    const double idled_ns = nanoseconds(engine_.now() - cpu.idle_since);
    const double most_ns = 2 * nanoseconds(tunables_.migration_cost);
    cpu.average_idle_ns += (std::min(idled_ns, most_ns) - cpu.average_idle_ns) / 8;  // update_avg
  }
  put(thread, cpu);
  GroupOnCpu& group = *thread.here;
  cpu.threads.push_back(&thread);
  cpu.interrupts += interrupt(thread) ? 1 : 0;
  group.load += thread.weight;
  const bool group_too = group.threads++ == 0;
  place(cpu, thread, arrival, from);
  if (group_too) cpu.groups.push_back(&group);
  reweigh(cpu, group);
  if (group_too) place_group(cpu, group);
  note_queue(cpu);
}

void Fair::dequeue(Cpu& cpu, Thread& thread, bool to_sleep) {
  GroupOnCpu& group = *thread.here;
  leave(cpu, thread, to_sleep, group.threads == 1);
  drop(cpu.threads, &thread);
  cpu.interrupts -= interrupt(thread) ? 1 : 0;
  cpu.softirqd = cpu.softirqd && cpu.interrupts > 0;
  group.load -= thread.weight;
  if (--group.threads == 0) {
    group.load = 0.0;
    give_back(group);
    drop(cpu.groups, &group);
  } else {
    reweigh(cpu, group);
  }
  if (cpu.threads.empty()) cpu.idle_since = engine_.now();
  note_queue(cpu);
}

}  // namespace models::scheduler
