#include "models/scheduler/credit2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sim/error.hpp"

namespace models::scheduler {
namespace {

// Nanoseconds; semantics.md 2.2.
constexpr double kMigrateCompensation = 0.05e6;
constexpr double kLeastTimer = 0.5e6;
constexpr double kLongestTimer = 10e6;
constexpr double kSharesPerWeight = 4.0;  // weight 256 is the default, as cpu.shares 1024 is

// Whether two CPUs may share a runqueue.
bool together(const CpuMap& map, RunQueue arrangement, CpuId one, CpuId other) {
  const auto alike = [&](const std::vector<int>& part) {
    return part[static_cast<std::size_t>(one)] == part[static_cast<std::size_t>(other)];
  };
  switch (arrangement) {
    case RunQueue::cpu:
      return one == other;
    case RunQueue::core:
      return alike(map.core);
    case RunQueue::socket:
      return alike(map.socket);
    case RunQueue::node:
      return alike(map.node);
    case RunQueue::all:
      return true;
  }
  return false;
}

// cpu_add_to_runqueue: a CPU goes where the other threads of its core are, else to the first queue
// of its kind with room for all of these, else to a new one. [cpu]
std::vector<int> queue_of_cpus(const CpuMap& map, const Credit2Tunables& tunables) {
  struct Queue {
    CpuId first;
    int places;  // taken, those of threads that are still to come included
  };
  const bool apart = tunables.runqueue == RunQueue::cpu;
  std::vector<Queue> queues;
  std::map<int, int> threads;  // of a core
  std::map<int, int> queue_of_core;
  for (const int core : map.core) ++threads[core];
  std::vector<int> queue_of;
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
    const int core = map.core[static_cast<std::size_t>(cpu)];
    if (const auto known = queue_of_core.find(core); known != queue_of_core.end() && !apart) {
      queue_of.push_back(known->second);
      continue;
    }
    const int places = apart ? 1 : threads[core];
    auto own = std::find_if(queues.begin(), queues.end(), [&](const Queue& queue) {
      return together(map, tunables.runqueue, queue.first, cpu) &&
             queue.places + places <= tunables.max_cpus_runqueue;
    });
    if (own == queues.end()) own = queues.insert(own, Queue{cpu, 0});
    own->places += places;
    queue_of.push_back(static_cast<int>(own - queues.begin()));
    queue_of_core[core] = queue_of.back();
  }
  return queue_of;
}

double ns(sim::Duration d) {
  return static_cast<double>(d.count()) / 1e3;
}

}  // namespace

Credit2::Domain::Domain(sim::Engine& engine, Credit2& owner)
    : credit{owner}, refill{sim::Event::calling<&Domain::on_refill>(engine, *this)} {}

Credit2::Cpu::Cpu(sim::Engine& engine, Credit2& owner, CpuId self)
    : credit{owner}, id{self}, slice{sim::Event::calling<&Cpu::on_slice>(engine, *this)} {}

Credit2::Credit2(sim::Engine& engine, const CpuMap& map, const Credit2Tunables& tunables,
                 Dispatch& dispatch)
    : engine_{engine}, tunables_{tunables}, map_{map}, dispatch_{dispatch} {
  if (map.core.empty()) throw sim::ConfigError{"scheduler: a host needs at least one CPU"};
  const std::vector<int> queues = queue_of_cpus(map, tunables);
  queues_.resize(at(*std::max_element(queues.begin(), queues.end())) + 1);
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
    queues_[at(queues[at(cpu)])].cpus.push_back(cpu);
    cpus_.emplace_back(engine, *this, cpu).queue = queues[at(cpu)];
  }
}

GroupId Credit2::add_group(const GroupConfig& config) {
  Domain& domain = domains_.emplace_back(engine_, *this);
  domain.weight = config.shares / kSharesPerWeight;
  if (config.quota > sim::Duration::zero()) {
    domain.cap = sim::seconds(config.quota) / sim::seconds(config.period);
    domain.budget_ns = domain.cap * ns(kCapPeriod);
  }
  return static_cast<GroupId>(domains_.size()) - 1;
}

ThreadId Credit2::add_thread(const ThreadConfig& config) {
  Unit unit;
  unit.domain = config.group;
  unit.weight = domains_.at(at(config.group)).weight;
  unit.credit_ns = kInitialCredit;
  if (!config.allowed.empty()) {
    unit.allowed.assign(cpus_.size(), 0);
    for (const CpuId cpu : config.allowed) unit.allowed.at(at(cpu)) = 1;
    unit.cpu = config.allowed.front();
  }
  unit.queue = cpus_[at(unit.cpu)].queue;
  units_.push_back(std::move(unit));
  const auto id = static_cast<ThreadId>(units_.size()) - 1;
  domains_.at(at(config.group)).units.push_back(id);
  return id;
}

// --- queues -------------------------------------------------------------------------------------

void Credit2::insert(ThreadId id) {
  std::vector<ThreadId>& waiting = queues_[at(units_[at(id)].queue)].waiting;
  const auto after = std::find_if(waiting.begin(), waiting.end(), [&](ThreadId other) {
    return units_[at(other)].credit_ns < units_[at(id)].credit_ns;
  });
  waiting.insert(after, id);
}

void Credit2::remove(ThreadId id) {
  std::erase(queues_[at(units_[at(id)].queue)].waiting, id);
}

void Credit2::move(Unit& unit, ThreadId id, CpuId to) {
  const CpuId from = unit.cpu;
  unit.queue = cpus_[at(to)].queue;
  if (from == to) return;
  unit.cpu = to;
  ++stats_.migrations;
  if (map_.node[at(from)] != map_.node[at(to)]) ++stats_.node_migrations;
  dispatch_.migrated(id, from, to);
}

ThreadId Credit2::candidate(const Cpu& cpu, ThreadId current) {
  ThreadId best = current;
  double best_ns = current == kNoThread ? -std::numeric_limits<double>::infinity()
                                        : units_[at(current)].credit_ns;
  for (const ThreadId id : queues_[at(cpu.queue)].waiting) {
    const Unit& unit = units_[at(id)];
    if (!allowed(unit, cpu.id)) continue;
    const double resist_ns =
        unit.cpu != cpu.id && best != kNoThread ? ns(tunables_.migrate_resist) : 0.0;
    if (best != kNoThread && unit.credit_ns <= best_ns + resist_ns) continue;
    return id;
  }
  return best;
}

void Credit2::schedule(Cpu& cpu) {
  const ThreadId previous = cpu.current;
  burn(cpu);
  ThreadId stays = kNoThread;
  if (previous != kNoThread) {
    Unit& unit = units_[at(previous)];
    const bool affords = afford(domains_[at(unit.domain)]);
    if (unit.runnable && affords) {
      const sim::Instant limited = cpu.started + tunables_.ratelimit;
      if (engine_.now() < limited) {
        cpu.slice.at(limited);
        return;
      }
      stays = previous;
    } else if (unit.runnable) {
      unit.parked = true;
      ++stats_.throttles;
    }
  }
  ThreadId next = candidate(cpu, stays);
  while (next != kNoThread && next != stays && !afford(domains_[at(units_[at(next)].domain)])) {
    remove(next);
    units_[at(next)].parked = true;
    ++stats_.throttles;
    next = candidate(cpu, stays);
  }
  if (next != kNoThread && units_[at(next)].credit_ns <= 0) reset(cpu.queue, next);
  if (next != previous) {
    if (previous != kNoThread) units_[at(previous)].on_cpu = false;
    if (next != kNoThread) {
      remove(next);
      Unit& unit = units_[at(next)];
      if (unit.cpu != cpu.id) unit.credit_ns += kMigrateCompensation;
      move(unit, next, cpu.id);
      unit.on_cpu = true;
    }
    if (stays != kNoThread) {
      insert(stays);
      ++stats_.preemptions;
    }
    cpu.current = next;
    cpu.started = engine_.now();
    ++stats_.switches;
    dispatch_.switched(cpu.id, previous, next);
    arm(cpu);
    if (stays != kNoThread) tickle(stays);
    return;
  }
  arm(cpu);
}

// When the running vCPU's credit will have fallen to that of the first that waits.
void Credit2::arm(Cpu& cpu) {
  if (cpu.current == kNoThread) {
    cpu.slice.cancel();
    return;
  }
  const Unit& unit = units_[at(cpu.current)];
  const Queue& queue = queues_[at(cpu.queue)];
  double ahead_ns = unit.credit_ns;
  if (!queue.waiting.empty()) {
    const double waiting_ns = units_[at(queue.waiting.front())].credit_ns;
    if (waiting_ns > 0) ahead_ns -= waiting_ns;
  }
  double time_ns = std::clamp(ahead_ns * unit.weight / heaviest(queue),
                              std::max(kLeastTimer, ns(tunables_.ratelimit)), kLongestTimer);
  const Domain& domain = domains_[at(unit.domain)];
  if (domain.cap > 0) time_ns = std::clamp(domain.budget_ns, 1.0, time_ns);
  cpu.slice.at(engine_.now() + sim::Duration{static_cast<std::int64_t>(time_ns * 1e3)});
}

bool Credit2::core_idle(CpuId cpu) const {
  for (const CpuId other : queues_[at(cpus_[at(cpu)].queue)].cpus) {
    if (map_.core[at(other)] == map_.core[at(cpu)] && !idle(other)) return false;
  }
  return true;
}

// Its own CPU if that is idle, an idle core, an idle thread; else who has the least credit.
void Credit2::tickle(ThreadId woken) {
  const Unit& unit = units_[at(woken)];
  const Queue& queue = queues_[at(unit.queue)];
  CpuId best = kNoCpu;
  int best_rank = 0;
  for (const CpuId cpu : queue.cpus) {
    if (!allowed(unit, cpu) || !idle(cpu)) continue;
    const int rank = (core_idle(cpu) ? 2 : 0) + (cpu == unit.cpu ? 1 : 0) + 1;
    if (rank > best_rank) {
      best = cpu;
      best_rank = rank;
    }
  }
  if (best != kNoCpu) return schedule(cpus_[at(best)]);
  double least_ns = std::numeric_limits<double>::infinity();
  for (const CpuId cpu : queue.cpus) {
    if (!allowed(unit, cpu)) continue;
    Cpu& busy = cpus_[at(cpu)];
    burn(busy);
    const double resist_ns = cpu == unit.cpu ? 0.0 : ns(tunables_.migrate_resist);
    const double credit_ns = units_[at(busy.current)].credit_ns + resist_ns;
    if (credit_ns < least_ns) {
      least_ns = credit_ns;
      best = cpu;
    }
  }
  if (best != kNoCpu && least_ns < unit.credit_ns) {
    schedule(cpus_[at(best)]);
  } else if (best != kNoCpu) {
    arm(cpus_[at(best)]);  // somebody waits now
  }
}

// --- waking and blocking ------------------------------------------------------------------------

void Credit2::wake(ThreadId id, CpuId) {
  Unit& unit = units_[at(id)];
  if (unit.runnable) throw sim::ModelError{"scheduler: wake of a runnable thread"};
  ++stats_.wakeups;
  settle_load(unit);
  if (!unit.placed) {
    const CpuId cpu = cpu_in(unit, choose_queue(unit));
    unit.placed = true;
    unit.averaged = engine_.now();
    unit.load = 1.0;  // as Xen assumes of new vCPUs
    unit.cpu = cpu;
    unit.queue = cpus_[at(cpu)].queue;
  } else {
    balance(id);
  }
  unit.runnable = true;
  if (unit.parked || !afford(domains_[at(unit.domain)])) {
    unit.parked = true;
    return;
  }
  insert(id);
  tickle(id);
}

void Credit2::block(ThreadId id) {
  Unit& unit = units_[at(id)];
  if (!unit.on_cpu) throw sim::ModelError{"scheduler: block of a thread that does not run"};
  settle_load(unit);
  unit.runnable = false;
  schedule(cpus_[at(unit.cpu)]);
}

}  // namespace models::scheduler
