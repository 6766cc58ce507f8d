// Run queues of the fair schedulers: running time booked, group weights, coming and going, and who
// runs then. Nearly every event of a busy host comes here: a wake-up and a block are each compiled
// as one path (flatten).
#include <algorithm>
#include <utility>

#include "models/scheduler/fair.hpp"
#include "sim/error.hpp"

namespace models::scheduler {
namespace {

constexpr double kSmallestShare = 2.0;  // MIN_SHARES

// Queues are short and keep their order: from the back on each takes the place of the one behind.
template <class Member>
void drop(std::vector<Member*>& queue, const Member* gone) {
  Member* behind = queue.back();
  queue.pop_back();
  for (auto place = queue.end(); behind != gone;) std::swap(behind, *--place);
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
  GroupOnCpu& there = thread.whole->on(cpu.id);
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
  if (thread.limit != nullptr) thread.runtime_ns -= ran_ns;
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
  if (with_requests_) has_run(cpu);
}

// calc_group_shares, semantics.md 1.4.
void Fair::reweigh(Cpu& cpu, GroupOnCpu& here, DecayedWeight::Kept& kept) {
  Group& whole = *here.whole;
  const double before = here.weight;
  loads_[at(cpu.id)] = -1.0;
  if (whole.interrupts && cpu.softirqd) {  // a thread of the root group
    here.weight = nice0();
    if (with_requests_) reweighed(cpu, here, before);
    return;
  }
  if (whole.alone()) {
    here.weight = whole.shares;
    return;
  }
  whole.average.settle(kept);
  here.average.settle(kept);
  const double everywhere = whole.average.value();
  const double blocked_here = here.average.value();
  const double load = std::max(here.load, blocked_here);
  const double total = std::max(everywhere - blocked_here + load, 1e-9);
  here.weight = std::clamp(whole.shares * load / total, kSmallestShare, whole.shares);
  if (with_requests_) reweighed(cpu, here, before);
}

void Fair::reweigh_all(Cpu& cpu) {
  DecayedWeight::Kept kept{engine_.now()};
  for (GroupOnCpu* const group : cpu.groups) reweigh(cpu, *group, kept);
}

// Every CPU's tick weighs its groups anew. A CPU with one thread has no tick here, but its group's
// other threads may have come and gone elsewhere.
[[gnu::flatten]] void Fair::weigh_anew(CpuId id) {
  Cpu& cpu = cpu_at(id);
  refreshed_[at(id)] = engine_.now();
  bool shared = false;
  for (const GroupOnCpu* const group : cpu.groups) shared = shared || !group->whole->alone();
  if (!shared) return;
  account(cpu);
  reweigh_all(cpu);
  arm_tick(cpu);
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

void Fair::note_queue(Cpu& cpu) {
  const int before = queued_[at(cpu.id)];
  const int now = static_cast<int>(cpu.threads.size()) - (cpu.softirqd ? 0 : cpu.interrupts);
  loads_[at(cpu.id)] = -1.0;
  queued_[at(cpu.id)] = now;
  overloaded_ += (now >= 2) - (before >= 2);
  if ((now == 0) != (before == 0)) idle_.flip(cpu.id);
}

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
  DecayedWeight::Kept kept{engine_.now()};
  reweigh(cpu, group, kept);
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
  if (thread.limit != nullptr && to_sleep) thread.limit->give_back(thread.runtime_ns);
  if (--group.threads == 0) {
    group.load = 0.0;
    if (group.whole->bandwidth != nullptr) group.whole->bandwidth->give_back(group.runtime_ns);
    drop(cpu.groups, &group);
  } else {
    DecayedWeight::Kept kept{engine_.now()};
    reweigh(cpu, group, kept);
  }
  if (cpu.threads.empty()) cpu.idle_since = engine_.now();
  note_queue(cpu);
}

// --- who runs ---------------------------------------------------------------------------------

void Fair::dispatch(Cpu& cpu, Thread* next) {
  Thread* const previous = cpu.current;
  const sim::Instant now = engine_.now();
  if (next != nullptr) {
    const bool same_group = previous != nullptr && previous->group == next->group;
    cpu.thread_ran_ns = 0.0;
    if (!same_group || previous == next) cpu.group_ran_ns = 0.0;
    if (with_requests_ && previous != next) picked(*next, !same_group);
  }
  cpu.accounted = now;
  cpu.current = next;
  if (previous != next) {
    if (previous != nullptr) {
      previous->on_cpu = false;
      previous->last_ran = now;
      if (previous->runnable && previous->cpu == cpu.id) ++stats_.preemptions;
    }
    if (next != nullptr) next->on_cpu = true;
    ++stats_.switches;
    dispatch_.switched(cpu.id, previous == nullptr ? kNoThread : previous->id,
                       next == nullptr ? kNoThread : next->id);
  }
  rearm(cpu);
}

// The first that has runtime left; those without are parked on the way.
Fair::Thread* Fair::next_thread(Cpu& cpu) {
  while (!cpu.threads.empty()) {
    Thread* const next = cpu.threads.size() == 1 ? cpu.threads.front() : pick(cpu);
    if (next->may_run()) return next;
    park_short(cpu, *next);
  }
  return nullptr;
}

void Fair::reschedule(Cpu& cpu) {
  account(cpu);
  dispatch(cpu, next_thread(cpu));
}

[[gnu::flatten]] void Fair::wake(ThreadId id, CpuId waker) {
  if (!prepared_) prepare();
  Thread& thread = threads_[at(id)];
  if (thread.runnable) throw sim::ModelError{"scheduler: wake of a runnable thread"};
  ++stats_.wakeups;
  const CpuId from = thread.cpu;
  if (waker == kNoCpu) waker = from;
  const bool first = !std::exchange(thread.placed, true);
  const CpuId to = first ? place_new(thread, waker) : place_waking(thread, waker);
  become(thread, true);
  if (first) {
    thread.last_ran = sim::Instant{sim::Duration{1}};  // marks it as placed; long cold
  } else if (to != from) {
    note_migration(id, from, to);
  }
  Cpu& cpu = cpu_at(to);
  GroupOnCpu& group = thread.whole->on(to);
  if (group.throttled) {
    account_alone(cpu);
    put(thread, cpu);
    group.parked.push_back(id);
    return;
  }
  account(cpu);
  enqueue(cpu, thread, first ? Arrival::fork : Arrival::wake);
  if (cpu.current == nullptr || wakeup_preempts(cpu, thread)) {
    dispatch(cpu, next_thread(cpu));
  } else {
    rearm(cpu);
  }
}

[[gnu::flatten]] void Fair::block(ThreadId id) {
  Thread& thread = threads_[at(id)];
  if (!thread.on_cpu) throw sim::ModelError{"scheduler: block of a thread that does not run"};
  Cpu& cpu = cpu_at(thread.cpu);
  account(cpu);
  become(thread, false);
  dequeue(cpu, thread, true);
  if (cpu.threads.empty()) balance_newly_idle(cpu);
  dispatch(cpu, next_thread(cpu));
}

}  // namespace models::scheduler
