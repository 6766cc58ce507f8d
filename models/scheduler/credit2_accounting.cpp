// Credit burned and reset, caps, and the loads of queues (credit2.hpp).
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/scheduler/credit2.hpp"

namespace models::scheduler {
namespace {

constexpr double kLeastCredit = -10e6;
constexpr double kCarryOver = 0.5e6;
constexpr double kLoadWindow_s = 1.073741824;  // 2^30 ns
// A queue that is not full is left alone below a difference of one vCPU, a full one of an eighth.
constexpr double kUnderloadTolerance = 1.0;
constexpr double kOverloadTolerance = 0.125;

double ns(sim::Duration d) {
  return static_cast<double>(d.count()) / 1e3;
}

}  // namespace

// --- credit -------------------------------------------------------------------------------------

double Credit2::heaviest(const Queue& queue) const {
  double most = 1.0;
  for (const ThreadId id : queue.waiting) most = std::max(most, units_[at(id)].weight);
  for (const CpuId cpu : queue.cpus) {
    const ThreadId id = cpus_[at(cpu)].current;
    if (id != kNoThread) most = std::max(most, units_[at(id)].weight);
  }
  return most;
}

void Credit2::burn(Cpu& cpu) {
  const double ran_ns = ns(engine_.now() - cpu.burned);
  cpu.burned = engine_.now();
  if (cpu.current == kNoThread || ran_ns <= 0) return;
  Unit& unit = units_[at(cpu.current)];
  unit.credit_ns -= ran_ns * heaviest(queues_[at(cpu.queue)]) / unit.weight;
  unit.credit_ns = std::max(unit.credit_ns, kLeastCredit);
  Domain& domain = domains_[at(unit.domain)];
  if (domain.cap > 0) domain.budget_ns -= ran_ns;
}

// The next to run has nothing left: a new round for everybody on the queue.
void Credit2::reset(int queue, ThreadId next) {
  const double gain =
      units_[at(next)].credit_ns <= kLeastCredit ? 2 * kInitialCredit : kInitialCredit;
  for (const CpuId cpu : queues_[at(queue)].cpus) burn(cpus_[at(cpu)]);
  for (Unit& unit : units_) {
    if (unit.queue == queue)
      unit.credit_ns = std::min(unit.credit_ns + gain, kInitialCredit + kCarryOver);
  }
  std::stable_sort(
      queues_[at(queue)].waiting.begin(), queues_[at(queue)].waiting.end(),
      [&](ThreadId a, ThreadId b) { return units_[at(a)].credit_ns > units_[at(b)].credit_ns; });
}

bool Credit2::afford(Domain& domain) {
  if (domain.cap <= 0) return true;
  if (!domain.refill.pending()) domain.refill.after(kCapPeriod);
  return domain.budget_ns > 0;
}

void Credit2::refill(Domain& domain) {
  const double full_ns = domain.cap * ns(kCapPeriod);
  for (const ThreadId id : domain.units) {
    if (units_[at(id)].on_cpu) burn(cpus_[at(units_[at(id)].cpu)]);
  }
  domain.budget_ns = std::min(full_ns, domain.budget_ns + full_ns);  // never more than a period's
  bool runs = false;
  for (const ThreadId id : domain.units) {
    Unit& unit = units_[at(id)];
    runs = runs || unit.runnable;
    if (!unit.parked || domain.budget_ns <= 0) continue;
    unit.parked = false;
    if (!unit.runnable) continue;
    insert(id);
    tickle(id);
  }
  if (runs) domain.refill.after(kCapPeriod);
}

// --- load ---------------------------------------------------------------------------------------

void Credit2::settle_load(Unit& unit) {
  const double passed_s = sim::seconds(engine_.now() - unit.averaged);
  const double kept = std::exp(-passed_s / kLoadWindow_s);
  unit.load = unit.load * kept + (unit.runnable ? 1.0 - kept : 0.0);
  unit.averaged = engine_.now();
}

double Credit2::load(int queue) {
  double sum = 0.0;
  for (Unit& unit : units_) {
    if (!unit.placed || unit.queue != queue) continue;
    settle_load(unit);
    sum += unit.load;
  }
  return sum;
}

CpuId Credit2::cpu_in(const Unit& unit, int queue) const {
  CpuId best = kNoCpu;
  for (const CpuId cpu : queues_[at(queue)].cpus) {
    if (!allowed(unit, cpu)) continue;
    if (best == kNoCpu || (idle(cpu) && (!idle(best) || (core_idle(cpu) && !core_idle(best)))))
      best = cpu;
  }
  return best;
}

// The queue with the least load for each of its CPUs.
int Credit2::choose_queue(const Unit& unit) {
  int best = unit.queue;
  double least = std::numeric_limits<double>::infinity();
  for (int queue = 0; queue < static_cast<int>(queues_.size()); ++queue) {
    if (cpu_in(unit, queue) == kNoCpu) continue;
    double count = 0.0;
    for (const Unit& other : units_)
      count += other.placed && other.queue == queue && other.runnable;
    const double own =
        std::max(count, load(queue)) / static_cast<double>(queues_[at(queue)].cpus.size());
    if (own < least) {
      least = own;
      best = queue;
    }
  }
  return best;
}

// A vCPU that is about to wait goes to another queue when that evens out their loads.
void Credit2::balance(ThreadId id) {
  Unit& unit = units_[at(id)];
  if (!tunables_.balancing || queues_.size() < 2) return;
  settle_load(unit);
  const double here = load(unit.queue);
  const double cpus = static_cast<double>(queues_[at(unit.queue)].cpus.size());
  const double tolerance = here > cpus ? kOverloadTolerance : kUnderloadTolerance;
  int best = unit.queue;
  double most = tolerance;
  for (int queue = 0; queue < static_cast<int>(queues_.size()); ++queue) {
    if (queue == unit.queue || cpu_in(unit, queue) == kNoCpu) continue;
    const double gain = here - (load(queue) + unit.load);
    if (gain > most) {
      most = gain;
      best = queue;
    }
  }
  if (best != unit.queue) move(unit, id, cpu_in(unit, best));
}

}  // namespace models::scheduler
