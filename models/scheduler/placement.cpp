// Where a waking thread goes: select_task_rq_fair of Linux (semantics.md 1.8).
#include <algorithm>
#include <utility>

#include "models/scheduler/fair.hpp"

namespace models::scheduler {
namespace {

constexpr sim::Duration kFlipDecay{1'000'000'000'000};  // record_wakee: halved each second

}  // namespace

// A new thread (fork, exec): from the widest domain inwards, the group with the most idle CPUs,
// then the fewest runnable threads a CPU; the waker's own group wins ties. Linux balances at fork
// independently of later balancing, so `balancing` off does not change it.
CpuId Fair::place_new(const Thread& thread, CpuId from) const {
  CpuId cpu = allowed(thread, from) ? from : kNoCpu;
  if (cpu == kNoCpu) {
    for (CpuId other = 0; other < static_cast<CpuId>(cpus_.size()) && cpu == kNoCpu; ++other) {
      if (allowed(thread, other)) cpu = other;
    }
  }
  for (auto level = domains_[at(cpu)].size(); level-- > 0;) {
    // The search moves: take the domain of the CPU chosen so far.
    if (level >= domains_[at(cpu)].size()) continue;
    const Domain& domain = domains_[at(cpu)][level];
    const std::vector<CpuId>* best = nullptr;
    double best_idle = -1.0, best_queue = 0.0;
    for (const std::vector<CpuId>& group : domain.groups) {
      int usable = 0, idle_ones = 0;
      int queued = 0;
      for (const CpuId other : group) {
        if (!allowed(thread, other)) continue;
        ++usable;
        idle_ones += idle(other);
        queued += queued_[at(other)];
      }
      if (usable == 0) continue;
      const double idle_share = static_cast<double>(idle_ones) / usable;
      const double queue = static_cast<double>(queued) / usable;
      if (idle_share > best_idle || (idle_share == best_idle && queue < best_queue)) {
        best = &group;
        best_idle = idle_share;
        best_queue = queue;
      }
    }
    if (best == nullptr) continue;
    const auto least = std::min_element(best->begin(), best->end(), [&](CpuId a, CpuId b) {
      const auto key = [&](CpuId c) { return std::pair{!allowed(thread, c), queued_[at(c)]}; };
      return key(a) < key(b);
    });
    if (std::find(best->begin(), best->end(), cpu) == best->end() || !idle(cpu)) cpu = *least;
  }
  return cpu;
}

// A waker that wakes many different threads is no reason to pull each of them to its cache.
bool Fair::wake_wide(const Thread& thread, CpuId waker) {
  Thread* const master = cpu_at(waker).current;
  if (master == nullptr) return false;
  if (engine_.now() - master->flips_decayed > kFlipDecay) {
    master->flips /= 2;
    master->flips_decayed = engine_.now();
  }
  if (master->last_wakee != thread.id) {
    master->last_wakee = thread.id;
    ++master->flips;
  }
  const int llc_cpus = idle_.sharing_cache(waker);
  const int most = std::max(master->flips, thread.flips);
  const int least = std::min(master->flips, thread.flips);
  return least >= llc_cpus && most >= least * llc_cpus;
}

// wake_affine to 4.13: a CPU whose load is nothing attracts, else the one that is to have less. Of
// the waker's CPU, a thread that an interrupt runs on top of does not count: sockets wake their
// readers "synchronously", as if who wakes them slept at once, in softirqs too.
bool Fair::attracts(CpuId waker, const Thread& woken, CpuId previous) const {
  const Cpu& cpu = cpu_at(waker);
  const auto part = [&](const Thread& thread) {
    const GroupOnCpu* const group = thread.whole->known_on(waker);
    const bool counts = group != nullptr && group->load > 0;
    return counts ? group->weight * thread.weight / group->load : thread.weight;
  };
  double here = load(waker);
  if (cpu.current != nullptr && interrupt(*cpu.current)) {
    const Thread* last = nullptr;
    for (const Thread* const thread : cpu.threads) {
      if (!interrupt(*thread) && (last == nullptr || thread->last_ran > last->last_ran))
        last = thread;
    }
    if (last != nullptr) here -= part(*last);
  }
  constexpr double kRounding = 1e-6;
  if (here <= kRounding) return true;
  return (here + part(woken)) * 100 <=
         load(previous) * (100 + (tunables_.imbalance_pct - 100) / 2.0);
}

[[gnu::flatten]] CpuId Fair::place_waking(Thread& thread, CpuId waker) {
  const CpuId hint = std::exchange(thread.wake_cpu, kNoCpu);
  const CpuId previous = hint == kNoCpu ? thread.cpu : hint;
  if (!tunables_.balancing || thread.pinned) return previous;
  const bool wide = wake_wide(thread, waker);
  const bool choice =
      !wide && waker != previous && allowed(thread, waker) && affine_[at(waker)][at(previous)];
  return idle_sibling(thread, previous, choice ? affine(thread, waker, previous) : previous);
}

// Which of the waker's CPU and its own, nearby, attracts the thread.
CpuId Fair::affine(const Thread& thread, CpuId waker, CpuId previous) const {
  if (tunables_.affine_by_load) return attracts(waker, thread, previous) ? waker : previous;
  if (idle(waker) && map_.llc[at(waker)] == map_.llc[at(previous)])
    return idle(previous) ? previous : waker;  // wake_affine_idle
  // wake_affine_weight; the wakee itself is not queued anywhere now.
  const double here = (load(waker) + thread.weight) * 100;
  const double there = load(previous) * (100 + (tunables_.imbalance_pct - 100) / 2.0);
  return here < there ? waker : previous;
}

CpuId Fair::idle_sibling(const Thread& thread, CpuId previous, CpuId target) const {
  if (idle(target) && allowed(thread, target)) return target;
  if (previous != target && map_.llc[at(previous)] == map_.llc[at(target)] && idle(previous)) {
    return previous;
  }
  if (idle_.count() == 0) return allowed(thread, target) ? target : previous;
  const CpuId near =
      thread.allowed.empty()
          ? idle_.near(target, [](CpuId) { return true; })
          : idle_.near(target, [&](CpuId cpu) { return thread.allowed[at(cpu)] != 0; });
  if (near != kNoCpu) return near;
  return allowed(thread, target) ? target : previous;
}

}  // namespace models::scheduler
