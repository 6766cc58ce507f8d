// Load balancing: load_balance of Linux over the scheduling domains (semantics.md 1.7).
#include <algorithm>
#include <cmath>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr double kRounding = 1e-6;  // of a weight
constexpr std::int64_t kMillisecond_ps = 1'000'000'000;

}  // namespace

struct Fair::GroupLoad {
  int running = 0;
  int idle = 0;
  int cpus = 0;
  bool overloaded = false;
  double load = 0.0;
  double average = 0.0;  // load of a CPU
  bool exceeds(const GroupLoad& other) const {
    return overloaded != other.overloaded ? overloaded : average > other.average;
  }
};

void Fair::start_balance(Cpu& cpu) {
  if (cpu.balance_due == sim::kNever) return;
  cpu.balance_at = std::max(cpu.balance_due, tick_after(engine_.now(), 0.0));
  cpu.balance.at(cpu.balance_at);
}

void Fair::stop_balance(Cpu& cpu) {
  cpu.balance_at = sim::kNever;
  cpu.balance.cancel();
}

void Fair::start_nohz() {
  nohz_pending_ = true;
  nohz_.at(tick_after(engine_.now(), 0.0));
}

void Fair::balance_busy(Cpu& cpu) {
  cpu.balance_at = sim::kNever;
  for (std::size_t level = 0; level < cpu.next_balance.size(); ++level) {
    if (cpu.next_balance[level] > engine_.now()) continue;
    const int moved = balance_domain(cpu, level, Idleness::busy);
    const auto weight = static_cast<int>(domains_[at(cpu.id)][level].span.size());
    cpu.interval_ms[level] = moved > 0 ? weight : std::min(cpu.interval_ms[level] * 2, 2 * weight);
    cpu.balance_next(level, engine_.now() + sim::Duration{cpu.interval_ms[level] *
                                                          tunables_.busy_factor * kMillisecond_ps});
  }
  arm_balance(cpu);
}

void Fair::balance_idle() {
  nohz_pending_ = false;
  for (const auto& each : cpus_) {
    Cpu& cpu = *each;
    if (!cpu.threads.empty()) continue;
    const auto interval = [&](std::size_t level) {
      return sim::Duration{cpu.interval_ms[level] * kMillisecond_ps};
    };
    for (std::size_t level = 0; level < cpu.next_balance.size(); ++level) {
      const auto weight = static_cast<int>(domains_[at(cpu.id)][level].span.size());
      // An idle CPU's interval has no busy factor, whatever it was set to while busy.
      const sim::Instant latest = engine_.now() + interval(level);
      if (cpu.next_balance[level] > latest) cpu.balance_next(level, latest);
      if (cpu.next_balance[level] > engine_.now()) continue;
      const int moved = balance_domain(cpu, level, Idleness::idle);
      cpu.interval_ms[level] =
          moved > 0 ? weight : std::min(cpu.interval_ms[level] * 2, 2 * weight);
      cpu.balance_next(level, engine_.now() + interval(level));
      if (moved > 0) break;
    }
  }
  arm_nohz();
}

// Called with nothing queued and before the CPU goes idle. Pulls at most one thread.
void Fair::balance_newly_idle(Cpu& cpu) {
  if (!movable_ || overloaded_ == 0) return;
  if (cpu.average_idle_ns < nanoseconds(tunables_.migration_cost)) return;
  for (std::size_t level = 0; level < domains_[at(cpu.id)].size(); ++level) {
    if (balance_domain(cpu, level, Idleness::newly_idle) > 0) return;
  }
}

inline Fair::GroupLoad Fair::group_load(const std::vector<CpuId>& group) const {
  if (group.size() > 1) return sum_group(group);
  const CpuId cpu = group.front();
  const int running = queued_[at(cpu)];
  const double own = load(cpu);
  return {.running = running,
          .idle = running == 0,
          .cpus = 1,
          .overloaded = running > 1,
          .load = own,
          .average = own};
}

Fair::GroupLoad Fair::sum_group(const std::vector<CpuId>& group) const {
  GroupLoad sum;
  for (const CpuId cpu : group) {
    sum.running += queued_[at(cpu)];
    sum.idle += idle(cpu);
    sum.load += load(cpu);
  }
  sum.cpus = static_cast<int>(group.size());
  sum.overloaded = sum.running > sum.cpus;
  sum.average = sum.load / sum.cpus;
  return sum;
}

CpuId Fair::busiest_cpu(const std::vector<CpuId>& group, CpuId pulling, bool numa) const {
  CpuId best = kNoCpu;
  // fbq_classify: between nodes, queues whose threads are all where they belong are left alone
  // while another one has strangers.
  const bool choosy =
      numa && localities_ != nullptr && std::any_of(group.begin(), group.end(), [&](CpuId cpu) {
        return cpu != pulling && strangers(cpu_at(cpu)) > 0;
      });
  for (const CpuId cpu : group) {
    if (cpu == pulling || idle(cpu)) continue;
    if (choosy && strangers(cpu_at(cpu)) == 0) continue;
    const auto key = [&](CpuId c) { return std::pair{queued_[at(c)], load(c)}; };
    if (best == kNoCpu || key(cpu) > key(best)) best = cpu;
  }
  return best;
}

int Fair::balance_domain(Cpu& cpu, std::size_t level, Idleness idleness) {
  const Domain& domain = domains_[at(cpu.id)][level];
  bool waiting = false;
  const sim::Instant stale = engine_.now() - tick_period_;
  for (const CpuId other : domain.span) {
    if (refreshed_[at(other)] <= stale) weigh_anew(other);
    waiting = waiting || queued_[at(other)] > 1;
  }
  // A newly idle CPU takes what waits, and no running thread.
  if (idleness == Idleness::newly_idle && !waiting) return 0;
  const bool is_idle = idleness != Idleness::busy;
  const GroupLoad local = group_load(domain.groups.front());
  GroupLoad busiest;
  const std::vector<CpuId>* from_group = nullptr;
  double total_load = local.load;
  int total_cpus = local.cpus;
  for (std::size_t g = 1; g < domain.groups.size(); ++g) {
    const std::vector<CpuId>& group = domain.groups[g];
    GroupLoad load = group_load(group);
    total_load += load.load;
    total_cpus += load.cpus;
    // SD_PREFER_SIBLING: a local group with room takes what the other has too much of.
    const bool roomy = local.running < local.cpus;
    if (roomy && load.running > local.running + 1) load.overloaded = true;
    if (from_group == nullptr || load.exceeds(busiest)) {
      busiest = load;
      from_group = &group;
    }
  }
  int& failed = cpu.failed[level];
  const auto balanced = [&] {
    if (idleness != Idleness::newly_idle) failed = 0;
    return 0;
  };
  if (from_group == nullptr || busiest.running == 0) return balanced();
  const double average = total_load / total_cpus;
  const bool force = is_idle && local.running < local.cpus && busiest.overloaded;
  if (!force) {
    if (local.average >= busiest.average || local.average >= average) return balanced();
    if (is_idle ? !busiest.overloaded && local.idle <= busiest.idle + 1
                : 100 * busiest.average <= tunables_.imbalance_pct * local.average) {
      return balanced();
    }
  }
  const CpuId source = busiest_cpu(*from_group, cpu.id, domain.level == Level::numa);
  if (source == kNoCpu) return balanced();
  Cpu& from = cpu_at(source);
  if (queued_[at(source)] <= 1) {
    // Nothing waits there: only its running thread could come, after enough failed passes.
    const bool push = idleness == Idleness::idle && ++failed > domain.cache_nice_tries + 2;
    if (push && pull_running(cpu, from)) {
      failed = 0;
      return 1;
    }
    return 0;
  }
  const double imbalance =
      std::min((busiest.average - average) * busiest.cpus, (average - local.average) * local.cpus);
  const bool take_hot = failed > domain.cache_nice_tries;
  const int moved = pull(cpu, from, imbalance, is_idle ? -1 : failed, take_hot,
                         idleness == Idleness::newly_idle || imbalance <= 0);
  if (moved > 0) {
    failed = 0;
  } else if (idleness != Idleness::newly_idle) {
    ++failed;
    if (failed > domain.cache_nice_tries + 2 && pull_running(cpu, from)) {
      failed = 0;
      return 1;
    }
  }
  return moved;
}

// Moves waiting threads worth about `wanted` of load. `failed`: passes that moved nothing, each of
// which halves what a thread counts for; -1: one goes in any case, if it may.
int Fair::pull(Cpu& to, Cpu& from, double wanted, int failed, bool take_hot, bool one) {
  int moved = 0;
  double load_moved = 0.0;
  for (std::size_t i = 0; i < from.threads.size() && queued_[at(from.id)] > 1;) {
    Thread& thread = *from.threads[i];
    const int lost = localities_ != nullptr ? locality_lost(thread, from, to, failed < 0) : -1;
    const bool hot = lost >= 0 ? lost > 0
                               : engine_.now() - thread.last_ran < tunables_.migration_cost &&
                                     thread.last_ran > sim::Instant{sim::Duration{1}};
    const bool throttled = thread.whole->throttled_on(to.id);
    if (thread.on_cpu || throttled || !allowed(thread, to.id) || (hot && !take_hot)) {
      ++i;
      continue;
    }
    const double worth = this->worth(thread);
    // detach_tasks: a thread that would bring more than it evens out stays.
    const bool any = failed < 0 && moved == 0;
    if (!any && std::ldexp(worth, -std::max(0, failed)) > wanted - load_moved + kRounding) {
      ++i;
      continue;
    }
    move(thread, from, to);
    load_moved += worth;
    ++moved;
    if (one || moved >= tunables_.nr_migrate) break;
  }
  if (moved == 0) return 0;
  arm_tick(from);
  // A newly idle CPU dispatches when its own block() goes on.
  if (to.current == nullptr) {
    reschedule(to);
  } else {
    arm_tick(to);
  }
  return moved;
}

// Active balancing: the migration thread stops the running one and takes it along.
bool Fair::pull_running(Cpu& to, Cpu& from) {
  Thread* const thread = from.current;
  if (thread == nullptr || !allowed(*thread, to.id) || !to.threads.empty()) return false;
  if (thread->whole->throttled_on(to.id)) return false;
  account(from);
  account(to);
  dequeue(from, *thread, false);
  // First, so that the thread is off its CPU when it is queued here.
  dispatch(from, next_thread(from));
  enqueue(to, *thread, Arrival::move);
  note_migration(thread->id, from.id, to.id);
  reschedule(to);
  return true;
}

void Fair::move(Thread& thread, Cpu& from, Cpu& to) {
  account(from);
  account(to);
  dequeue(from, thread, false);
  enqueue(to, thread, Arrival::move);
  note_migration(thread.id, from.id, to.id);
}

void Fair::note_migration(ThreadId id, CpuId from, CpuId to) {
  ++stats_.migrations;
  if (map_.node[at(to)] != map_.node[at(from)]) ++stats_.node_migrations;
  dispatch_.migrated(id, from, to);
}

}  // namespace models::scheduler
