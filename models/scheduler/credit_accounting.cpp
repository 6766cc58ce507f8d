// Credits dealt out and burned, and where a vCPU is better off (credit.hpp).
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/scheduler/credit.hpp"

namespace models::scheduler {
namespace {

constexpr double kCreditsPerMs = 10.0;

double milliseconds(sim::Duration d) {
  return sim::seconds(d) * 1e3;
}

}  // namespace

// --- credits ------------------------------------------------------------------------------------

void Credit::burn(Cpu& cpu) {
  if (cpu.current != kNoThread) {
    units_[at(cpu.current)].credit -= kCreditsPerMs * milliseconds(engine_.now() - cpu.burned);
  }
  cpu.burned = engine_.now();
}

// Every time slice: what the CPUs are worth, dealt out among the domains with active vCPUs.
void Credit::account() {
  const double slice_credits = kCreditsPerMs * milliseconds(tunables_.timeslice);
  for (Cpu& cpu : cpus_) burn(cpu);
  double weight_total = 0.0;
  std::vector<int> active(domains_.size(), 0);
  for (std::size_t d = 0; d < domains_.size(); ++d) {
    for (const ThreadId id : domains_[d].units) active[d] += units_[at(id)].active;
    weight_total += domains_[d].weight * active[d];
  }
  double total = slice_credits * static_cast<double>(cpus_.size());
  double weight_left = weight_total;
  for (std::size_t d = 0; d < domains_.size(); ++d) {
    if (active[d] == 0) continue;
    Domain& domain = domains_[d];
    weight_left -= domain.weight * active[d];
    double peak = slice_credits * active[d];
    double cap_of_unit = 0.0;
    if (domain.cap > 0) {
      const double cap = domain.cap * slice_credits;
      peak = std::min(peak, cap);
      cap_of_unit = cap / active[d];
    }
    double fair = total * domain.weight * active[d] / weight_total;
    if (fair > peak) {
      // What it cannot use goes to the domains that follow.
      if (weight_left > 0) total += (fair - peak) * weight_total / weight_left;
      fair = peak;
    }
    for (const ThreadId id : domain.units) {
      Unit& unit = units_[at(id)];
      if (!unit.active) continue;
      unit.credit += fair / active[d];
      settle_credit(unit, id, cap_of_unit);
    }
  }
  bool any = false;
  for (const Unit& unit : units_) any = any || unit.active || unit.runnable;
  if (any) account_.after(tunables_.timeslice);
}

void Credit::settle_credit(Unit& unit, ThreadId id, double cap_of_unit) {
  const double slice_credits = kCreditsPerMs * milliseconds(tunables_.timeslice);
  Cpu& cpu = cpus_[at(unit.cpu)];
  const bool waiting = unit.runnable && !unit.on_cpu && !unit.parked;
  const Priority before = unit.priority;
  if (unit.credit < 0) {
    unit.priority = Priority::over;
    if (cap_of_unit > 0 && unit.credit < -cap_of_unit && !unit.parked) {
      unit.parked = true;
      ++stats_.throttles;
      if (waiting) {
        remove(cpu, id);
      } else if (unit.on_cpu) {
        schedule(cpu);
      }
    }
    unit.credit = std::max(unit.credit, -slice_credits);
  } else {
    unit.priority = Priority::under;
    if (unit.parked) {
      unit.parked = false;
      if (unit.runnable) {
        insert(cpu, id);
        tickle(cpu, id);
      }
      return;
    }
    if (unit.credit > slice_credits) {
      unit.active = false;
      unit.credit /= 2;
    }
  }
  if (waiting && !unit.parked && unit.priority != before) {
    remove(cpu, id);
    insert(cpu, id);
  }
}

// --- placement ----------------------------------------------------------------------------------

// Idle CPUs of the core or socket. `own`: that of a vCPU which is alone there, idle but for it;
// else none.
int Credit::idle_siblings(CpuId cpu, bool whole_socket, CpuId own) const {
  int count = 0;
  for (CpuId other = 0; other < static_cast<CpuId>(cpus_.size()); ++other) {
    const bool near = whole_socket ? map_.socket[at(other)] == map_.socket[at(cpu)]
                                   : map_.core[at(other)] == map_.core[at(cpu)];
    count += near && (idle(other) || other == own);
  }
  return count;
}

// _csched_cpu_pick: an idle CPU whose core is idler, or whose socket is twice as idle.
CpuId Credit::pick(const Unit& unit) const {
  const CpuId own = cpus_[at(unit.cpu)].queue.empty() ? unit.cpu : kNoCpu;
  CpuId best = unit.cpu;
  const auto count = static_cast<CpuId>(cpus_.size());
  for (CpuId step = 1; step < count; ++step) {
    const CpuId other = (unit.cpu + step) % count;
    if (!idle(other) || !allowed(unit, other)) continue;
    const bool same_socket = map_.socket[at(other)] == map_.socket[at(best)];
    const int here = idle_siblings(best, !same_socket, own);
    const int there = idle_siblings(other, !same_socket, own);
    if (here * (same_socket ? 1 : 2) < there) best = other;
  }
  return best;
}

// Where a new vCPU is put (XEN_DOMCTL_max_vcpus): a domain's first on the emptiest CPU, each
// further one on the CPU after; from there on the next that it may use.
CpuId Credit::first_cpu(const Unit& unit) const {
  const std::vector<ThreadId>& before = domains_.at(at(unit.domain)).units;
  const auto count = static_cast<CpuId>(cpus_.size());
  const CpuId first = before.empty() ? emptiest_cpu() : (units_[at(before.back())].cpu + 1) % count;
  for (CpuId step = 0; step < count; ++step) {
    const CpuId cpu = (first + step) % count;
    if (allowed(unit, cpu)) return cpu;
  }
  return first;
}

// default_vcpu0_location: with fewest vCPUs, of equals the last; of a core with several threads the
// second only, and of CPU 0's core none that is not emptier than all others.
CpuId Credit::emptiest_cpu() const {
  std::vector<int> vcpus(cpus_.size(), 0);
  for (const Unit& unit : units_) ++vcpus[at(unit.cpu)];
  const auto count = static_cast<CpuId>(cpus_.size());
  // Threads of the core with lower numbers.
  const auto rank = [&](CpuId cpu) {
    return std::count(map_.core.begin(), map_.core.begin() + cpu, map_.core[at(cpu)]);
  };
  const auto threads = [&](CpuId cpu) {
    return std::count(map_.core.begin(), map_.core.end(), map_.core[at(cpu)]);
  };
  CpuId best = 0;
  for (CpuId cpu = 1; cpu < count && best == 0; ++cpu) {
    if (map_.core[at(cpu)] == map_.core[0]) best = cpu;
  }
  for (CpuId cpu = 1; cpu < count; ++cpu) {
    if (map_.core[at(cpu)] == map_.core[0]) continue;
    if (rank(cpu) != (threads(cpu) > 1 ? 1 : 0)) continue;
    if (vcpus[at(cpu)] <= vcpus[at(best)]) best = cpu;
  }
  return best;
}

}  // namespace models::scheduler
