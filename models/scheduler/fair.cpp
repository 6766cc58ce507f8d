#include "models/scheduler/fair.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/error.hpp"

namespace models::scheduler {
namespace {

constexpr double kFuzz_ns = 1e-3;  // a picosecond: rounding of times that meet exactly
// After which softirqs go on in ksoftirqd (MAX_SOFTIRQ_TIME, kernel/softirq.c, since 3.9).
constexpr double kSoftirqMost_ns = 2e6;

// semantics.md 1.2: 1 + ilog2(min(cpus, 8)).
double scale_factor(std::size_t cpus) {
  return 1.0 + std::floor(std::log2(static_cast<double>(std::min<std::size_t>(cpus, 8))));
}

}  // namespace

Fair::Cpu::Cpu(sim::Engine& engine, Fair& owner, CpuId self)
    : fair{owner},
      id{self},
      tick{sim::Event::calling<&Cpu::on_tick>(engine, *this)},
      balance{sim::Event::calling<&Cpu::on_balance>(engine, *this)} {}

Fair::Fair(sim::Engine& engine, const CpuMap& map, const FairTunables& tunables, Dispatch& dispatch)
    : engine_{engine},
      tunables_{tunables},
      map_{map},
      dispatch_{dispatch},
      domains_{build_domains(map)},
      nohz_{sim::Event::calling<&Fair::balance_idle>(engine, *this)} {
  if (map.core.empty()) throw sim::ConfigError{"scheduler: a host needs at least one CPU"};
  if (tunables.tick_hz < 1) throw sim::ConfigError{"vmm.cfs.tick_hz: need at least 1"};
  scale_ = scale_factor(map.core.size());
  tick_period_ = sim::Duration{1'000'000'000'000 / tunables.tick_hz};
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
    Cpu& made = cpus_.emplace_back(engine, *this, cpu);
    const std::size_t levels = domains_[at(cpu)].size();
    made.failed.assign(levels, 0);
    for (const Domain& domain : domains_[at(cpu)]) {
      const int interval_ms = static_cast<int>(domain.span.size());  // min_interval = sd_weight
      made.interval_ms.push_back(interval_ms);
      // CPUs balance out of step, as hotplug and success leave them; in step, two would pull the
      // same thread to and fro at one instant.
      const auto apart_ms = static_cast<long long>(interval_ms) * tunables.busy_factor * cpu /
                            static_cast<long long>(map.core.size());
      made.next_balance.push_back(engine.now() +
                                  sim::Duration{(interval_ms + apart_ms) * 1'000'000'000LL});
    }
    made.average_idle_ns = 2 * nanoseconds(tunables.migration_cost);  // sched_init: rq->avg_idle
  }
  queued_.assign(cpus_.size(), 0);
  loads_.assign(cpus_.size(), 0.0);
  refreshed_.assign(cpus_.size(), sim::Instant{});
  idle_cpus_ = static_cast<int>(cpus_.size());
  const auto group = [&](std::vector<std::vector<CpuId>>& groups, const std::vector<int>& of) {
    for (CpuId cpu = 0; cpu < static_cast<CpuId>(of.size()); ++cpu) {
      if (groups.size() <= at(of[at(cpu)])) groups.resize(at(of[at(cpu)]) + 1);
      groups[at(of[at(cpu)])].push_back(cpu);
    }
  };
  group(llc_cpus_, map.llc);
  group(core_cpus_, map.core);
  for (const auto& cpus : llc_cpus_) llc_idle_.push_back(static_cast<int>(cpus.size()));
}

GroupId Fair::add_group(const GroupConfig& config) {
  const auto id = static_cast<GroupId>(groups_.size());
  Group& group = groups_.emplace_back();
  group.shares = config.shares;
  group.interrupts = config.interrupts;
  if (config.quota > sim::Duration::zero()) {
    group.bandwidth = std::make_unique<Bandwidth>(engine_, *this, id);
    group.bandwidth->quota_ns = nanoseconds(config.quota);
    group.bandwidth->period = config.period;
  }
  return id;
}

ThreadId Fair::add_thread(const ThreadConfig& config) {
  if (prepared_) throw sim::ModelError{"scheduler: threads are added before the first wake-up"};
  Thread thread;
  // Flat scheduling is a group of its own for each thread, weighing what the thread weighs.
  thread.group = tunables_.autogroup_vms ? config.group : add_group(config.weight);
  thread.weight = config.weight;
  if (!config.allowed.empty()) {
    thread.allowed.assign(cpus_.size(), 0);
    for (const CpuId cpu : config.allowed) thread.allowed.at(at(cpu)) = 1;
    thread.cpu = config.allowed.front();
  } else {
    thread.cpu = 0;
  }
  movable_ = movable_ || (tunables_.balancing && config.allowed.size() != 1);
  threads_.push_back(std::move(thread));
  const auto id = static_cast<ThreadId>(threads_.size()) - 1;
  groups_.at(at(threads_.back().group)).threads.push_back(id);
  return id;
}

void Fair::prepare() {
  for (Cpu& cpu : cpus_) {
    cpu.state.resize(groups_.size());
    cpu.groups.reserve(groups_.size());
    cpu.threads.reserve(threads_.size());
  }
  prepared_ = true;
}

// --- who runs ---------------------------------------------------------------------------------

void Fair::dispatch(Cpu& cpu, ThreadId next) {
  const ThreadId previous = cpu.current;
  if (next != kNoThread) {
    const bool same_group =
        previous != kNoThread && threads_[at(previous)].group == threads_[at(next)].group;
    cpu.thread_ran_ns = 0.0;
    if (!same_group || previous == next) cpu.group_ran_ns = 0.0;
    if (previous != next) picked(cpu, next, !same_group);
  }
  cpu.accounted = engine_.now();
  cpu.current = next;
  if (previous != next) {
    if (previous != kNoThread) {
      Thread& left = threads_[at(previous)];
      left.on_cpu = false;
      left.last_ran = engine_.now();
      if (left.runnable && left.cpu == cpu.id) ++stats_.preemptions;
    }
    if (next != kNoThread) threads_[at(next)].on_cpu = true;
    ++stats_.switches;
    dispatch_.switched(cpu.id, previous, next);
  }
  arm_tick(cpu);
  arm_balance(cpu);
  arm_nohz();
}

// The first whose group has runtime left; groups without are parked on the way.
ThreadId Fair::next_thread(Cpu& cpu) {
  for (;;) {
    const ThreadId next = pick(cpu);
    if (next == kNoThread || afford(cpu, threads_[at(next)].group)) return next;
    park(cpu, threads_[at(next)].group);
  }
}

void Fair::reschedule(Cpu& cpu) {
  account(cpu);
  dispatch(cpu, next_thread(cpu));
}

void Fair::wake(ThreadId id, CpuId waker) {
  if (!prepared_) prepare();
  Thread& thread = threads_[at(id)];
  if (thread.runnable) throw sim::ModelError{"scheduler: wake of a runnable thread"};
  ++stats_.wakeups;
  const CpuId from = thread.cpu;
  const bool first = !std::exchange(thread.placed, true);
  const CpuId to = first ? place_new(thread, waker == kNoCpu ? from : waker)
                         : place_waking(thread, id, waker == kNoCpu ? from : waker);
  become(thread, true);
  if (first) thread.last_ran = sim::Instant{sim::Duration{1}};  // marks it as placed; long cold
  if (!first && to != from) {
    note_migration(id, from, to);
  }
  Cpu& cpu = cpus_[at(to)];
  account(cpu);
  if (cpu.state[at(thread.group)].throttled) {
    put(thread, to);
    cpu.state[at(thread.group)].parked.push_back(id);
    return;
  }
  enqueue(cpu, id, first ? Arrival::fork : Arrival::wake, cpus_[at(from)]);
  if (cpu.current == kNoThread || wakeup_preempts(cpu, id)) {
    reschedule(cpu);
  } else {
    arm_tick(cpu);
    arm_balance(cpu);
    arm_nohz();
  }
}

void Fair::block(ThreadId id) {
  Thread& thread = threads_[at(id)];
  if (!thread.on_cpu) throw sim::ModelError{"scheduler: block of a thread that does not run"};
  Cpu& cpu = cpus_[at(thread.cpu)];
  account(cpu);
  become(thread, false);
  dequeue(cpu, id, true);
  if (cpu.threads.empty()) balance_newly_idle(cpu);
  dispatch(cpu, next_thread(cpu));
}

bool Fair::yield_to(ThreadId from, ThreadId to) {
  const Thread& target = threads_[at(to)];
  if (!target.runnable || target.on_cpu) return false;
  Cpu& there = cpus_[at(target.cpu)];
  if (there.state[at(target.group)].throttled) return false;
  account(there);
  // A buddy that is too far ahead of its queue stays where it is, which the one that yields does
  // not learn.
  if (may_be_next(there, to) && afford(there, target.group)) dispatch(there, to);
  // The one that yields is passed over once, if somebody waits beside it.
  Thread& yielding = threads_[at(from)];
  if (!yielding.on_cpu) return true;
  Cpu& here = cpus_[at(yielding.cpu)];
  account(here);
  for (const ThreadId other : here.threads) {
    if (other == from || !may_be_next(here, other) || !afford(here, threads_[at(other)].group))
      continue;
    dispatch(here, other);
    break;
  }
  return true;
}

// --- ticks ------------------------------------------------------------------------------------

sim::Instant Fair::tick_after(double delay_ns) const {
  const auto period = tick_period_.count();
  const auto due =
      engine_.now().time_since_epoch().count() + static_cast<std::int64_t>(delay_ns * 1e3);
  return sim::Instant{sim::Duration{(due / period + 1) * period}};
}

void Fair::arm_tick(Cpu& cpu) {
  double soonest_ns = std::numeric_limits<double>::max();
  if (cpu.current != kNoThread) soonest_ns = affordable_ns(cpu);
  if (cpu.threads.size() >= 2 && cpu.current != kNoThread) {
    soonest_ns = std::min(soonest_ns, undisturbed_ns(cpu));
    if (interrupted(cpu))
      soonest_ns = std::min(soonest_ns, std::max(0.0, kSoftirqMost_ns - cpu.thread_ran_ns));
  }
  cpu.tick_due = soonest_ns == std::numeric_limits<double>::max()
                     ? sim::kNever
                     : tick_after(soonest_ns + kFuzz_ns);
  // Most are put off again before they come: one that comes too early costs less than each move.
  if (cpu.tick_due != sim::kNever && (!cpu.tick.pending() || cpu.tick.time() > cpu.tick_due))
    cpu.tick.at(cpu.tick_due);
}

// By threads that stand for interrupts, and no thread of its queue.
bool Fair::interrupted(const Cpu& cpu) const {
  return !cpu.softirqd && cpu.interrupts > 0 &&
         groups_[at(threads_[at(cpu.current)].group)].interrupts;
}

void Fair::tick(CpuId id) {
  Cpu& cpu = cpus_[at(id)];
  if (cpu.tick_due > engine_.now()) {
    if (cpu.tick_due != sim::kNever) cpu.tick.at(cpu.tick_due);
    return;
  }
  account(cpu);
  if (cpu.current != kNoThread && interrupted(cpu) && cpu.thread_ran_ns >= kSoftirqMost_ns) {
    cpu.softirqd = true;
    note_queue(cpu);
  }
  for (const GroupId group : cpu.groups) reweigh(cpu, group);
  reschedule(cpu);
}

}  // namespace models::scheduler
