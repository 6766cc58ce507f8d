// Run queues of the fair schedulers: running time booked, group weights, coming and going.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr double kHalfLife_ns = 32e6;   // PELT: y^32 = 1/2, one period is about a millisecond
constexpr double kSmallestShare = 2.0;  // MIN_SHARES

// What is left of an average: half of it after each half-life. Averages are brought up to date
// several times in a wake-up, mostly after microseconds, where the series is exact to 1e-11.
double kept_after(double elapsed_ns) {
  constexpr double kShort = 0.1;
  const double x = elapsed_ns * (std::numbers::ln2 / kHalfLife_ns);
  if (x > kShort) return std::exp2(-elapsed_ns / kHalfLife_ns);
  const double tail = x * (1.0 / 24.0 - x * (1.0 / 120.0 - x * (1.0 / 720.0)));
  return 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0 - tail)));
}

}  // namespace

// --- accounting -------------------------------------------------------------------------------

void Fair::settle_average(Thread& thread) {
  if (thread.averaged == engine_.now()) return;
  const double elapsed_ns = nanoseconds(engine_.now() - thread.averaged);
  thread.averaged = engine_.now();
  const double kept = kept_after(elapsed_ns);
  thread.average = thread.average * kept + (thread.runnable ? 1.0 - kept : 0.0);
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
  const Group& whole = groups_[at(group)];
  const double before = here.weight;
  cpu.load_known = false;
  if (whole.threads.size() == 1) {
    here.weight = whole.shares;
    return;
  }
  double everywhere = 0.0;
  double blocked_here = 0.0;
  for (const ThreadId id : whole.threads) {
    Thread& thread = threads_[at(id)];
    settle_average(thread);
    everywhere += thread.weight * thread.average;
    if (thread.cpu == cpu.id) blocked_here += thread.weight * thread.average;
  }
  const double load = std::max(here.load, blocked_here);
  const double total = std::max(everywhere - blocked_here + load, 1e-9);
  here.weight = std::clamp(whole.shares * load / total, kSmallestShare, whole.shares);
  reweighed(cpu, group, before);
}

double Fair::load(CpuId cpu) const {
  const Cpu& own = cpus_[at(cpu)];
  if (!own.load_known) {
    own.load = 0.0;
    for (const GroupId group : own.groups) {
      if (!groups_[at(group)].interrupts) own.load += own.state[at(group)].weight;
    }
    own.load_known = true;
  }
  return own.load;
}

// --- queues -----------------------------------------------------------------------------------

void Fair::note_queue(Cpu& cpu, std::size_t before) {
  const std::size_t now = cpu.threads.size();
  cpu.load_known = false;
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
  thread.cpu = cpu.id;
  cpu.threads.push_back(id);
  cpu.interrupts += groups_[at(thread.group)].interrupts ? 1U : 0U;
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
  note_queue(cpu, before);
}

void Fair::dequeue(Cpu& cpu, ThreadId id, bool to_sleep) {
  Thread& thread = threads_[at(id)];
  GroupOnCpu& group = cpu.state[at(thread.group)];
  const std::size_t before = cpu.threads.size();
  leave(cpu, id, to_sleep, group.threads == 1);
  cpu.threads.erase(std::find(cpu.threads.begin(), cpu.threads.end(), id));
  cpu.interrupts -= groups_[at(thread.group)].interrupts ? 1U : 0U;
  group.load -= thread.weight;
  if (--group.threads == 0) {
    group.load = 0.0;
    give_back(cpu, thread.group);
    cpu.groups.erase(std::find(cpu.groups.begin(), cpu.groups.end(), thread.group));
  } else {
    reweigh(cpu, thread.group);
  }
  if (cpu.threads.empty()) cpu.idle_since = engine_.now();
  note_queue(cpu, before);
}

}  // namespace models::scheduler
