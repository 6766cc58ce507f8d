#include "models/scheduler/eevdf.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace models::scheduler {
namespace {

constexpr double kRounding_ns = 1e-3;  // a picosecond: what doubles lose between alike histories

}  // namespace

Eevdf::Eevdf(sim::Engine& engine, const CpuMap& map, const EevdfTunables& tunables,
             Dispatch& dispatch)
    : Fair{engine, map, tunables, dispatch}, slice_ns_{nanoseconds(tunables.base_slice) * scale_} {
  with_requests_ = true;
}

Eevdf::Sum Eevdf::threads_of(const Cpu& cpu, const GroupOnCpu& group, const Thread* but) const {
  Sum sum;
  for (const Thread* const thread : cpu.threads) {
    if (thread != but && thread->here == &group) sum.add(*thread);
  }
  return sum;
}

Eevdf::Sum Eevdf::groups_of(const Cpu& cpu, const GroupOnCpu* but) const {
  Sum sum;
  for (const GroupOnCpu* const group : cpu.groups) {
    if (group != but) sum.add(*group);
  }
  return sum;
}

// --- coming and going ---------------------------------------------------------------------------

// place_entity: v = V - lag (W + w) / W, so that the lag is what it was once the entity counts in
// V.
void Eevdf::place_entity(Entity& e, const Sum& others, double empty_v, bool fresh) const {
  if (others.entities == 0) {
    e.v = empty_v;
  } else {
    const double v = others.average(empty_v);
    // A debt was worked off while others ran; it does not turn into credit.
    if (e.lag < 0.0) {
      const double gained =
          std::max(0.0, v - e.left_at_v) * others.weight / (others.weight + e.weight);
      e.lag = std::min(0.0, e.lag + gained);
    }
    e.v = v - e.lag * (others.weight + e.weight) / others.weight;
  }
  e.deadline = e.v + virtual_slice(e) * (fresh ? 0.5 : 1.0);  // PLACE_DEADLINE_INITIAL
  e.protected_v = e.v;
}

void Eevdf::leave_entity(Entity& e, const Sum& others) const {
  const double v = others.average(e.v);
  Sum all = others;
  all.add(e);
  const double most = std::max(2.0 * slice_ns_, nanoseconds(tick_period_)) * nice0() / e.weight;
  e.lag = std::clamp(all.average(e.v) - e.v, -most, most);
  e.left_at_v = v;
}

void Eevdf::place(Cpu& cpu, Thread& thread, Arrival arrival, const GroupOnCpu&) {
  const GroupOnCpu& group = *thread.here;
  const Sum others = threads_of(cpu, group, &thread);
  // On another CPU's queue V is another: what was gained there since is not known.
  if (arrival == Arrival::move) thread.left_at_v = others.average(0.0);
  place_entity(thread, others, group.min_v, arrival == Arrival::fork);
}

void Eevdf::place_group(Cpu& cpu, GroupOnCpu& group) {
  place_entity(group, groups_of(cpu, &group), cpu.min_v, false);
}

void Eevdf::leave(Cpu& cpu, Thread& thread, bool, bool last) {
  GroupOnCpu& group = *thread.here;
  leave_entity(thread, threads_of(cpu, group, &thread));
  if (last) leave_entity(group, groups_of(cpu, &group));
}

// reweight_entity: the lag in running time and the share of the request that is left stay.
void Eevdf::reweighed(Cpu& cpu, GroupOnCpu& group, double before) {
  if (before <= 0.0 || before == group.weight) return;
  Sum all = groups_of(cpu, &group);
  const double weight = std::exchange(group.weight, before);
  all.add(group);
  group.weight = weight;
  const double v = all.average(group.v);
  const double ratio = before / weight;
  const double left = group.deadline - group.v;
  const double kept = group.protected_v - group.v;
  group.v = v - (v - group.v) * ratio;
  group.deadline = group.v + left * ratio;
  group.protected_v = group.v + kept * ratio;
}

// --- running ------------------------------------------------------------------------------------

// update_deadline. Linux looks at each tick and switch; who runs alone is not ticked here, so what
// its last tick would have renewed is made up for.
void Eevdf::renew(Entity& e, double since_tick_ns, bool alone) const {
  if (alone) {
    const double at_tick = e.v - since_tick_ns * nice0() / e.weight;
    if (at_tick >= e.deadline) e.deadline = at_tick + virtual_slice(e);
  }
  if (e.v >= e.deadline - kRounding_ns) e.deadline = e.v + virtual_slice(e);
}

void Eevdf::has_run(Cpu& cpu) {
  Thread& thread = *cpu.current;
  GroupOnCpu& group = *thread.here;
  const auto now_ps = engine_.now().time_since_epoch().count();
  const double since_tick_ns = static_cast<double>(now_ps % tick_period_.count()) / 1e3;
  renew(thread, std::min(since_tick_ns, cpu.thread_ran_ns), group.threads == 1);
  renew(group, std::min(since_tick_ns, cpu.group_ran_ns), cpu.groups.size() == 1);
}

void Eevdf::picked(Thread& thread, bool group_too) {
  thread.protected_v = std::min(thread.deadline, thread.v + virtual_slice(thread));
  if (!group_too) return;
  GroupOnCpu& group = *thread.here;
  group.protected_v = std::min(group.deadline, group.v + virtual_slice(group));
}

// Index of the entity to run; `current` is the index of the one that runs, -1: none of these.
template <class Member>
int Eevdf::best(int count, const Member& member, int current) const {
  if (count == 1) return 0;
  Sum sum;
  for (int i = 0; i < count; ++i) sum.add(member(i));
  const double v = sum.average(0.0) + kRounding_ns;
  if (current >= 0) {
    const Entity& running = member(current);
    if (running.v <= v && running.v < running.protected_v - kRounding_ns) return current;
  }
  int best = -1;
  for (int i = 0; i < count; ++i) {
    if (member(i).v > v) continue;
    // At equal deadlines the one that runs gives way: it is no longer protected.
    const bool earlier = best < 0 || member(i).deadline < member(best).deadline - kRounding_ns;
    const bool instead =
        best == current && best >= 0 && member(i).deadline <= member(best).deadline + kRounding_ns;
    if (earlier || instead) best = i;
  }
  if (best >= 0) return best;
  best = 0;  // rounding alone: V is never below all v
  for (int i = 1; i < count; ++i) {
    if (member(i).v < member(best).v) best = i;
  }
  return best;
}

const GroupOnCpu& Eevdf::pick_group(const Cpu& cpu) const {
  int current = -1;
  if (cpu.current != nullptr && cpu.current->runnable) {
    const auto own = std::find(cpu.groups.begin(), cpu.groups.end(), cpu.current->here);
    if (own != cpu.groups.end()) current = static_cast<int>(own - cpu.groups.begin());
  }
  const auto member = [&](int i) -> const Entity& { return *cpu.groups[at(i)]; };
  return *cpu.groups[at(best(static_cast<int>(cpu.groups.size()), member, current))];
}

Fair::Thread* Eevdf::pick_thread(const Cpu& cpu, const GroupOnCpu& group) const {
  if (group.threads == 1) {
    return *std::find_if(cpu.threads.begin(), cpu.threads.end(),
                         [&](const Thread* thread) { return thread->here == &group; });
  }
  std::vector<Thread*> own;
  int current = -1;
  for (Thread* const thread : cpu.threads) {
    if (thread->here != &group) continue;
    if (thread == cpu.current) current = static_cast<int>(own.size());
    own.push_back(thread);
  }
  const auto member = [&](int i) -> const Entity& { return *own[at(i)]; };
  return own[at(best(static_cast<int>(own.size()), member, current))];
}

Fair::Thread* Eevdf::pick(const Cpu& cpu) const {
  return pick_thread(cpu, pick_group(cpu));
}

// pick_next_entity takes the next buddy if it is eligible.
bool Eevdf::may_be_next(const Cpu& cpu, const Thread& thread) const {
  const Sum groups = groups_of(cpu, nullptr);
  const Sum threads = threads_of(cpu, *thread.here, nullptr);
  return thread.here->v <= groups.average(0.0) + kRounding_ns &&
         thread.v <= threads.average(0.0) + kRounding_ns;
}

bool Eevdf::wakeup_preempts(const Cpu& cpu, const Thread& thread) const {
  return pick(cpu) == &thread;
}

// Until its protection ends on some level where others wait.
double Eevdf::undisturbed_ns(const Cpu& cpu) const {
  const Thread& thread = *cpu.current;
  const GroupOnCpu& group = *thread.here;
  double soonest_ns = std::numeric_limits<double>::max();
  const auto until = [&](const Entity& e) {
    soonest_ns = std::min(soonest_ns, std::max(0.0, (std::min(e.deadline, e.protected_v) - e.v) *
                                                        e.weight / nice0()));
  };
  if (cpu.groups.size() > 1) until(group);
  if (group.threads > 1) until(thread);
  return soonest_ns;
}

}  // namespace models::scheduler
