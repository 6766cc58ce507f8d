// Run queues of the fair schedulers: running time booked, group weights, coming and going.
#include <algorithm>
#include <limits>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr double kSmallestShare = 2.0;  // MIN_SHARES

}  // namespace

// --- accounting -------------------------------------------------------------------------------

void Fair::become(Thread& thread, bool runnable) {
  const double more = runnable ? thread.weight : -thread.weight;
  thread.runnable = runnable;
  for (DecayedWeight* average : {&thread.average, &groups_[at(thread.group)].average,
                                 &cpus_[at(thread.cpu)].state[at(thread.group)].average})
    average->add(more, engine_.now());
}

void Fair::put(Thread& thread, CpuId cpu) {
  if (thread.cpu == cpu) return;
  thread.average.settle(engine_.now());
  cpus_[at(thread.cpu)].state[at(thread.group)].average.give(
      thread.average, cpus_[at(cpu)].state[at(thread.group)].average, engine_.now());
  thread.cpu = cpu;
}

void Fair::account(Cpu& cpu) {
  const double ran_ns = nanoseconds(engine_.now() - cpu.accounted);
  cpu.accounted = engine_.now();
  if (cpu.current == kNoThread || ran_ns <= 0) return;
  Thread& thread = threads_[at(cpu.current)];
  GroupOnCpu& group = cpu.state[at(thread.group)];
  thread.v += ran_ns * nice0() / thread.weight;
  group.v += ran_ns * nice0() / group.weight;
  cpu.thread_ran_ns += ran_ns;
  cpu.group_ran_ns += ran_ns;
  thread.last_ran = engine_.now();
  spend(cpu, thread.group, ran_ns);
  advance_min_v(cpu);
  has_run(cpu);
}

// min_vruntime never goes back: sleepers are placed by it.
void Fair::advance_min_v(Cpu& cpu) {
  if (cpu.groups.empty()) return;
  double least = std::numeric_limits<double>::max();
  for (const GroupId group : cpu.groups) least = std::min(least, cpu.state[at(group)].v);
  cpu.min_v = std::max(cpu.min_v, least);
  if (cpu.current == kNoThread) return;
  const GroupId own = threads_[at(cpu.current)].group;
  GroupOnCpu& group = cpu.state[at(own)];
  least = std::numeric_limits<double>::max();
  for (const ThreadId id : cpu.threads) {
    if (threads_[at(id)].group == own) least = std::min(least, threads_[at(id)].v);
  }
  group.min_v = std::max(group.min_v, least);
}

// calc_group_shares, semantics.md 1.4.
void Fair::reweigh(Cpu& cpu, GroupId group) {
  GroupOnCpu& here = cpu.state[at(group)];
  Group& whole = groups_[at(group)];
  const double before = here.weight;
  loads_[at(cpu.id)] = -1.0;
  if (whole.interrupts && cpu.softirqd) {  // a thread of the root group
    here.weight = nice0();
    reweighed(cpu, group, before);
    return;
  }
  if (whole.threads.size() == 1) {
    here.weight = whole.shares;
    return;
  }
  whole.average.settle(engine_.now());
  here.average.settle(engine_.now());
  const double everywhere = whole.average.value();
  const double blocked_here = here.average.value();
  const double load = std::max(here.load, blocked_here);
  const double total = std::max(everywhere - blocked_here + load, 1e-9);
  here.weight = std::clamp(whole.shares * load / total, kSmallestShare, whole.shares);
  reweighed(cpu, group, before);
}

double Fair::sum_load(CpuId cpu) const {
  const Cpu& own = cpus_[at(cpu)];
  double& load = loads_[at(cpu)];
  load = 0.0;
  for (const GroupId group : own.groups) {
    if (!groups_[at(group)].interrupts || own.softirqd) load += own.state[at(group)].weight;
  }
  return load;
}

// --- queues -----------------------------------------------------------------------------------

void Fair::note_queue(Cpu& cpu) {
  const int before = queued_[at(cpu.id)];
  const auto now = static_cast<int>(cpu.threads.size()) - (cpu.softirqd ? 0 : cpu.interrupts);
  loads_[at(cpu.id)] = -1.0;
  queued_[at(cpu.id)] = now;
  overloaded_ += (now >= 2) - (before >= 2);
  const int idler = (now == 0) - (before == 0);
  idle_cpus_ += idler;
  llc_idle_[at(map_.llc[at(cpu.id)])] += idler;
}

void Fair::enqueue(Cpu& cpu, ThreadId id, Arrival arrival, const Cpu& from) {
  Thread& thread = threads_[at(id)];
  GroupOnCpu& group = cpu.state[at(thread.group)];
  const std::size_t before = cpu.threads.size();
  // A pull by a CPU that is newly idle ends no idle time.
  if (before == 0 && cpu.current == kNoThread) {
    const double idled_ns = nanoseconds(engine_.now() - cpu.idle_since);
    const double most_ns = 2 * nanoseconds(tunables_.migration_cost);
    cpu.average_idle_ns += (std::min(idled_ns, most_ns) - cpu.average_idle_ns) / 8;  // update_avg
  }
  put(thread, cpu.id);
  cpu.threads.push_back(id);
  cpu.interrupts += groups_[at(thread.group)].interrupts ? 1 : 0;
  group.load += thread.weight;
  const bool group_too = group.threads++ == 0;
  place(cpu, id, arrival, from);
  if (group_too) {
    cpu.groups.push_back(thread.group);
    reweigh(cpu, thread.group);
    place_group(cpu, thread.group);
  } else {
    reweigh(cpu, thread.group);
  }
  note_queue(cpu);
}

void Fair::dequeue(Cpu& cpu, ThreadId id, bool to_sleep) {
  Thread& thread = threads_[at(id)];
  GroupOnCpu& group = cpu.state[at(thread.group)];
  leave(cpu, id, to_sleep, group.threads == 1);
  cpu.threads.erase(std::find(cpu.threads.begin(), cpu.threads.end(), id));
  cpu.interrupts -= groups_[at(thread.group)].interrupts ? 1 : 0;
  cpu.softirqd = cpu.softirqd && cpu.interrupts > 0;
  group.load -= thread.weight;
  if (--group.threads == 0) {
    group.load = 0.0;
    give_back(cpu, thread.group);
    cpu.groups.erase(std::find(cpu.groups.begin(), cpu.groups.end(), thread.group));
  } else {
    reweigh(cpu, thread.group);
  }
  if (cpu.threads.empty()) cpu.idle_since = engine_.now();
  note_queue(cpu);
}

}  // namespace models::scheduler
