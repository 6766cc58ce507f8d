#include "models/scheduler/credit.hpp"

#include <algorithm>
#include <utility>

#include "sim/error.hpp"

namespace models::scheduler {
namespace {

constexpr int kTicksPerSlice = 3;
constexpr double kSharesPerWeight = 4.0;  // weight 256 is the default, as cpu.shares 1024 is

}  // namespace

Credit::Cpu::Cpu(sim::Engine& engine, Credit& owner, CpuId self)
    : credit{owner},
      id{self},
      slice{sim::Event::calling<&Cpu::on_slice>(engine, *this)},
      tick{sim::Event::calling<&Cpu::on_tick>(engine, *this)} {}

Credit::Credit(sim::Engine& engine, const CpuMap& map, const CreditTunables& tunables,
               Dispatch& dispatch)
    : engine_{engine},
      tunables_{tunables},
      map_{map},
      dispatch_{dispatch},
      account_{sim::Event::calling<&Credit::account>(engine, *this)} {
  if (map.core.empty()) throw sim::ConfigError{"scheduler: a host needs at least one CPU"};
  const auto count = static_cast<CpuId>(map.core.size());
  for (CpuId cpu = 0; cpu < count; ++cpu) {
    cpus_.emplace_back(engine, *this, cpu);
    auto& others = nearest_.emplace_back();
    for (CpuId step = 1; step < count; ++step) others.push_back((cpu + step) % count);
    const auto& distance = map.distance[at(map.node[at(cpu)])];
    std::stable_sort(others.begin(), others.end(), [&](CpuId a, CpuId b) {
      return distance[at(map.node[at(a)])] < distance[at(map.node[at(b)])];
    });
  }
}

GroupId Credit::add_group(const GroupConfig& config) {
  Domain& domain = domains_.emplace_back();
  domain.weight = config.shares / kSharesPerWeight;
  if (config.quota > sim::Duration::zero())
    domain.cap = sim::seconds(config.quota) / sim::seconds(config.period);
  return static_cast<GroupId>(domains_.size()) - 1;
}

ThreadId Credit::add_thread(const ThreadConfig& config) {
  Unit unit;
  unit.domain = config.group;
  if (!config.allowed.empty()) {
    unit.allowed.assign(cpus_.size(), 0);
    for (const CpuId cpu : config.allowed) unit.allowed.at(at(cpu)) = 1;
  }
  unit.cpu = first_cpu(unit);
  units_.push_back(std::move(unit));
  const auto id = static_cast<ThreadId>(units_.size()) - 1;
  domains_.at(at(config.group)).units.push_back(id);
  return id;
}

// --- queues -------------------------------------------------------------------------------------

void Credit::insert(Cpu& cpu, ThreadId id) {
  const Priority own = units_[at(id)].priority;
  const auto after = std::find_if(cpu.queue.begin(), cpu.queue.end(),
                                  [&](ThreadId other) { return priority(other) < own; });
  cpu.queue.insert(after, id);
}

void Credit::remove(Cpu& cpu, ThreadId id) {
  std::erase(cpu.queue, id);
}

// Somebody who should look at its queue, or at others', now that `woken` waits on this one.
void Credit::tickle(Cpu& cpu, ThreadId woken) {
  const Unit& unit = units_[at(woken)];
  if (cpu.current == kNoThread) return schedule(cpu);
  const auto count = static_cast<CpuId>(cpus_.size());
  for (CpuId step = 1; step <= count; ++step) {  // round robin, as cpumask_cycle
    const CpuId other = (last_tickled_ + step) % count;
    if (!idle(other) || !allowed(unit, other)) continue;
    last_tickled_ = other;
    return schedule(cpus_[at(other)]);
  }
  if (unit.priority > priority(cpu.current)) schedule(cpu);
}

void Credit::move(Unit& unit, ThreadId id, CpuId to) {
  const CpuId from = unit.cpu;
  if (from == to) return;
  unit.cpu = to;
  ++stats_.migrations;
  if (map_.node[at(from)] != map_.node[at(to)]) ++stats_.node_migrations;
  dispatch_.migrated(id, from, to);
}

// Work of higher priority that waits elsewhere.
ThreadId Credit::steal(const Cpu& cpu, Priority above) {
  for (const CpuId other : nearest_[at(cpu.id)]) {
    Cpu& peer = cpus_[at(other)];
    if (peer.current == kNoThread) continue;
    for (const ThreadId id : peer.queue) {
      Unit& unit = units_[at(id)];
      if (unit.priority <= above) break;
      if (!allowed(unit, cpu.id)) continue;
      remove(peer, id);
      move(unit, id, cpu.id);
      return id;
    }
  }
  return kNoThread;
}

void Credit::schedule(Cpu& cpu) {
  const ThreadId previous = cpu.current;
  burn(cpu);
  if (previous != kNoThread) {
    Unit& unit = units_[at(previous)];
    const bool stays = unit.runnable && !unit.parked && unit.moving_to == kNoCpu;
    const sim::Instant limited = cpu.started + tunables_.ratelimit;
    if (stays && engine_.now() < limited) {  // it has not had its least time yet
      cpu.slice.at(limited);
      return;
    }
    unit.on_cpu = false;
    if (stays) insert(cpu, previous);
  }
  ThreadId next = cpu.queue.empty() ? kNoThread : cpu.queue.front();
  if (priority(next) > Priority::over) {
    cpu.queue.pop_front();
  } else {
    const ThreadId stolen = steal(cpu, priority(next));
    if (stolen != kNoThread) {
      next = stolen;
    } else if (next != kNoThread) {
      cpu.queue.pop_front();
    }
  }
  cpu.current = next;
  if (next != kNoThread) units_[at(next)].on_cpu = true;
  if (next != previous) {
    cpu.started = engine_.now();
    ++stats_.switches;
    if (previous != kNoThread && units_[at(previous)].runnable) ++stats_.preemptions;
    dispatch_.switched(cpu.id, previous, next);
  }
  arm(cpu);
  if (previous == kNoThread || units_[at(previous)].moving_to == kNoCpu) return;
  Unit& left = units_[at(previous)];
  move(left, previous, std::exchange(left.moving_to, kNoCpu));
  if (!left.runnable || left.parked) return;
  insert(cpus_[at(left.cpu)], previous);
  tickle(cpus_[at(left.cpu)], previous);
}

void Credit::arm(Cpu& cpu) {
  if (cpu.current == kNoThread) {
    cpu.slice.cancel();
    cpu.tick.cancel();
    return;
  }
  cpu.slice.at(engine_.now() + tunables_.timeslice);
  if (!cpu.tick.pending()) {
    const auto period = (tunables_.timeslice / kTicksPerSlice).count();
    const auto now = engine_.now().time_since_epoch().count();
    cpu.tick.at(sim::Instant{sim::Duration{(now / period + 1) * period}});
  }
}

void Credit::tick(Cpu& cpu) {
  if (cpu.current == kNoThread) return;
  const ThreadId id = cpu.current;
  Unit& unit = units_[at(id)];
  if (unit.priority == Priority::boost) unit.priority = Priority::under;
  burn(cpu);
  cpu.tick.after(tunables_.timeslice / kTicksPerSlice);
  if (!unit.active) {
    unit.active = true;
    if (!account_.pending()) account_.after(tunables_.timeslice);
  } else if (tunables_.balancing) {
    const CpuId better = pick(unit);
    if (better != unit.cpu) {
      unit.moving_to = better;
      schedule(cpu);
    }
  }
}

// --- waking and blocking ------------------------------------------------------------------------

void Credit::wake(ThreadId id, CpuId) {
  Unit& unit = units_[at(id)];
  if (unit.runnable) throw sim::ModelError{"scheduler: wake of a runnable thread"};
  ++stats_.wakeups;
  unit.runnable = true;
  if (!unit.woken) {
    unit.woken = true;
  } else if (unit.priority == Priority::under && !unit.parked) {
    unit.priority = Priority::boost;
  }
  if (unit.parked) return;
  Cpu& cpu = cpus_[at(unit.cpu)];
  insert(cpu, id);
  tickle(cpu, id);
}

void Credit::block(ThreadId id) {
  Unit& unit = units_[at(id)];
  if (!unit.on_cpu) throw sim::ModelError{"scheduler: block of a thread that does not run"};
  unit.runnable = false;
  for (Cpu& cpu : cpus_) {
    if (cpu.current == id) return schedule(cpu);
  }
}

}  // namespace models::scheduler
