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

FairCpu::FairCpu(sim::Engine& engine, Fair& owner, CpuId self)
    : fair{owner},
      id{self},
      tick{sim::Event::calling<&FairCpu::on_tick>(engine, *this)},
      balance{sim::Event::calling<&FairCpu::on_balance>(engine, *this)} {}

void FairGroup::make(std::unique_ptr<GroupOnCpu[]>& around) {
  around = std::make_unique<GroupOnCpu[]>(kBlock);
  for (int i = 0; i < kBlock; ++i) around[static_cast<std::size_t>(i)].whole = this;
}

void FairCpu::on_tick() {
  fair.tick(*this);
}

void FairCpu::on_balance() {
  fair.balance_busy(*this);
}

Fair::Fair(sim::Engine& engine, const CpuMap& map, const FairTunables& tunables, Dispatch& dispatch)
    : engine_{engine},
      tunables_{tunables},
      map_{map},
      idle_{map},
      dispatch_{dispatch},
      domains_{build_domains(map)},
      nohz_{sim::Event::calling<&Fair::balance_idle>(engine, *this)} {
  if (map.core.empty()) throw sim::ConfigError{"scheduler: a host needs at least one CPU"};
  if (tunables.tick_hz < 1) throw sim::ConfigError{"vmm.cfs.tick_hz: need at least 1"};
  scale_ = scale_factor(map.core.size());
  tick_period_ = sim::Duration{1'000'000'000'000 / tunables.tick_hz};
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
    Cpu& made = *cpus_.emplace_back(std::make_unique<Cpu>(engine, *this, cpu));
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
    for (std::size_t level = 0; level < levels; ++level)
      made.balance_next(level, made.next_balance[level]);
    made.average_idle_ns = 2 * nanoseconds(tunables.migration_cost);  // sched_init: rq->avg_idle
  }
  queued_.assign(cpus_.size(), 0);
  loads_.assign(cpus_.size(), 0.0);
  refreshed_.assign(cpus_.size(), sim::Instant{});
  affine_.assign(cpus_.size(), std::vector<bool>(cpus_.size(), false));
  for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) {
    for (const Domain& domain : domains_[cpu]) {
      if (!domain.wake_affine) continue;
      for (const CpuId other : domain.span) affine_[cpu][at(other)] = true;
    }
  }
}

GroupId Fair::add_group(const GroupConfig& config) {
  const auto id = static_cast<GroupId>(groups_.size());
  Group& group = groups_.emplace_back();
  group.shares = config.shares;
  group.interrupts = config.interrupts;
  if (config.quota > sim::Duration::zero()) {
    group.bandwidth = std::make_unique<Bandwidth>(engine_, *this, id, config.quota, config.period);
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
  thread.pinned = config.allowed.size() == 1;
  movable_ = movable_ || (tunables_.balancing && !thread.pinned);
  const auto id = static_cast<ThreadId>(threads_.size());
  thread.id = id;
  if (config.limit != kNoLimit) {
    thread.limit = &limits_.at(at(config.limit));
    thread.limit->threads.push_back(id);
  }
  threads_.push_back(std::move(thread));
  ++groups_.at(at(threads_.back().group)).threads;
  return id;
}

// Everything is where it stays: pointers to it hold from now on.
void Fair::prepare() {
  for (const auto& cpu : cpus_) {
    cpu->groups.reserve(groups_.size());
    cpu->threads.reserve(threads_.size());
  }
  for (Group& group : groups_)
    group.queues.resize(Group::block(static_cast<CpuId>(cpus_.size()) - 1) + 1);
  for (Thread& thread : threads_) {
    thread.whole = &groups_[at(thread.group)];
    thread.here = &thread.whole->on(thread.cpu);
  }
  prepared_ = true;
}

// --- yields ---------------------------------------------------------------------------------

bool Fair::yield_to(ThreadId from, ThreadId to) {
  Thread& target = threads_[at(to)];
  if (!target.runnable || target.on_cpu) return false;
  Cpu& there = cpu_at(target.cpu);
  if (target.here->throttled || target.throttled) return false;
  account_alone(there);
  // A buddy that is too far ahead of its queue stays where it is, which the one that yields does
  // not learn.
  if (may_be_next(there, target) && target.may_run()) dispatch(there, &target);
  // The one that yields is passed over once, if somebody waits beside it.
  Thread& yielding = threads_[at(from)];
  if (!yielding.on_cpu) return true;
  Cpu& here = cpu_at(yielding.cpu);
  account_alone(here);
  for (Thread* const other : here.threads) {
    if (other == &yielding || !may_be_next(here, *other) || !other->may_run()) continue;
    dispatch(here, other);
    break;
  }
  return true;
}

// --- ticks ------------------------------------------------------------------------------------

sim::Instant Fair::tick_after(sim::Instant from, double delay_ns) const {
  const auto period = tick_period_.count();
  const auto due = from.time_since_epoch().count() + static_cast<std::int64_t>(delay_ns * 1e3);
  return sim::Instant{sim::Duration{(due / period + 1) * period}};
}

// As of the last account. While a tick is under way, what is due is due now, be it that somebody
// has accounted at this very instant: CPUs that balance do so with each of their ticks.
void Fair::seek_tick(Cpu& cpu, bool ticking) {
  cpu.tick_open = false;
  double soonest_ns = std::numeric_limits<double>::max();
  if (cpu.current->whole->bandwidth != nullptr)
    soonest_ns = std::max(0.0, cpu.current->here->runtime_ns);
  if (cpu.current->limit != nullptr)
    soonest_ns = std::min(soonest_ns, std::max(0.0, cpu.current->runtime_ns));
  if (cpu.threads.size() > 1) {
    soonest_ns = std::min(soonest_ns, undisturbed_ns(cpu));
    if (interrupted(cpu))
      soonest_ns = std::min(soonest_ns, std::max(0.0, kSoftirqMost_ns - cpu.thread_ran_ns));
  }
  if (ticking && soonest_ns <= 0.0) {
    cpu.tick_due = engine_.now();
  } else if (soonest_ns != std::numeric_limits<double>::max()) {
    cpu.tick_due = tick_after(cpu.accounted, soonest_ns + kFuzz_ns);
  }
}

void Fair::advance_tick(Cpu& cpu) {
  seek_tick(cpu);
  // Most are put off again before they come: one that comes too early costs less than each move.
  if (cpu.tick_at <= cpu.tick_due) return;
  cpu.tick_at = cpu.tick_due;
  cpu.tick.at(cpu.tick_at);
}

// By threads that stand for interrupts, and no thread of its queue.
bool Fair::interrupted(const Cpu& cpu) const {
  return !cpu.softirqd && cpu.interrupts > 0 && interrupt(*cpu.current);
}

void Fair::tick(Cpu& cpu) {
  cpu.tick_at = sim::kNever;
  if (cpu.tick_open) seek_tick(cpu, true);
  if (cpu.tick_due > engine_.now()) {
    if (cpu.tick_due == sim::kNever) return;
    cpu.tick_at = cpu.tick_due;
    cpu.tick.at(cpu.tick_at);
    return;
  }
  account(cpu);
  if (cpu.current != nullptr && interrupted(cpu) && cpu.thread_ran_ns >= kSoftirqMost_ns) {
    cpu.softirqd = true;
    note_queue(cpu);
  }
  reweigh_all(cpu);
  reschedule(cpu);
}

}  // namespace models::scheduler
