// Threads that go where their memory is: task_numa_migrate and what load balancing makes of
// preferred nodes (kernel/sched/fair.c 4.19, semantics.md 1.9).
#include <algorithm>
#include <cmath>

#include "models/scheduler/fair.hpp"
#include "sim/error.hpp"

namespace models::scheduler {
namespace {

constexpr double kSmallGain = 30.0;  // SMALLIMP, of 1998

}  // namespace

// The best that task_numa_find_cpu has come across so far.
struct Fair::NumaSearch {
  ThreadId thread = kNoThread;
  const Cpu* from = nullptr;
  double gain = 0.0;        // of the thread by itself, on the node looked at
  double group_gain = 0.0;  // of its group
  CpuId best = kNoCpu;
  ThreadId swap = kNoThread;
  double best_gain = 0.0;
};

// Runnable threads there that would rather be on another node, or have no memory of their own.
int Fair::strangers(const Cpu& cpu) const {
  int count = 0;
  for (const Thread* const thread : cpu.threads)
    count += thread->preferred_node != map_.node[at(cpu.id)];
  return count;
}

// migrate_degrades_locality: 1 worse, 0 better, -1 the same.
int Fair::locality_lost(const Thread& thread, const Cpu& from, const Cpu& to, bool idle) const {
  const int source = map_.node[at(from.id)];
  const int target = map_.node[at(to.id)];
  if (thread.preferred_node < 0 || source == target) return -1;
  if (source == thread.preferred_node) return strangers(from) > 0 ? 1 : -1;
  if (target == thread.preferred_node) return 0;
  if (idle) return -1;  // an idle core is often worse than remote memory
  const bool grouped = localities_->group(thread.id) >= 0;
  const auto weight = [&](int node) {
    return grouped ? localities_->group_weight(thread.id, node)
                   : localities_->weight(thread.id, node);
  };
  return weight(target) < weight(source) ? 1 : 0;
}

// task_h_load: what a thread adds to its CPU's load.
double Fair::worth(const Thread& thread) {
  const GroupOnCpu& group = *thread.here;
  return group.load > 0 ? group.weight * thread.weight / group.load : 0.0;
}

void Fair::search(NumaSearch& found, int node) const {
  const Thread& own = threads_[at(found.thread)];
  const int source = map_.node[at(found.from->id)];
  double there = 0.0, here = 0.0;
  int cpus_there = 0, cpus_here = 0;
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(cpus_.size()); ++cpu) {
    const int of = map_.node[at(cpu)];
    if (of == node) there += load(cpu), ++cpus_there;
    if (of == source) here += load(cpu), ++cpus_here;
  }
  // load_too_imbalanced: never further from an even load than before.
  const auto worse = [&](double moved) {
    const auto apart = [&](double shift) {
      return std::abs((there + shift) * cpus_here - (here - shift) * cpus_there);
    };
    return apart(moved) > apart(0.0);
  };
  const double own_worth = worth(own);
  const bool may_move = !worse(own_worth);
  const int group = localities_->group(found.thread);
  const double move_gain = group >= 0 ? found.group_gain : found.gain;
  for (const auto& each : cpus_) {
    const Cpu& cpu = *each;
    if (map_.node[at(cpu.id)] != node || !allowed(own, cpu.id)) continue;
    if (cpu.current == &own) continue;
    if (cpu.current == nullptr) {
      if (!may_move || move_gain < found.best_gain || !cpu.threads.empty()) continue;
      found.best = idle_sibling(own, found.from->id, cpu.id);
      found.swap = kNoThread;
      found.best_gain = move_gain;
      continue;
    }
    if (!allowed(*cpu.current, found.from->id)) continue;
    const ThreadId other = cpu.current->id;
    const int others = localities_->group(other);
    double gain = 0.0;
    if (others == group) {
      gain = found.gain + localities_->weight(other, source) - localities_->weight(other, node);
      if (others >= 0) gain -= gain / 16;  // no swaps within a group over next to nothing
    } else if (others >= 0 && group >= 0) {
      gain = move_gain + localities_->group_weight(other, source) -
             localities_->group_weight(other, node);
    } else {
      gain = move_gain + localities_->weight(other, source) - localities_->weight(other, node);
    }
    ThreadId swap = other;
    if (may_move && move_gain > gain && move_gain > found.best_gain) {
      gain = move_gain;
      swap = kNoThread;
    } else if (gain < kSmallGain || gain <= found.best_gain + kSmallGain / 2 ||
               worse(own_worth - worth(*cpu.current))) {
      continue;
    }
    found.best = swap == kNoThread ? idle_sibling(own, found.from->id, cpu.id) : cpu.id;
    found.swap = swap;
    found.best_gain = gain;
  }
}

NumaMove Fair::move_near(ThreadId id, int node, bool widely) {
  const CpuId source = threads_[at(id)].cpu;
  const int from = map_.node[at(source)];
  NumaMove move{.node = node, .moved = false};
  if (localities_ == nullptr || node == from) return move;
  NumaSearch found;
  found.thread = id;
  found.from = &cpu_at(source);
  const auto look = [&](int there) {
    found.gain = localities_->weight(id, there) - localities_->weight(id, from);
    found.group_gain = localities_->group_weight(id, there) - localities_->group_weight(id, from);
    if (there != node && found.gain < 0 && found.group_gain < 0) return;
    search(found, there);
  };
  look(node);
  if (found.best == kNoCpu || widely) {
    for (int other = 0; other < static_cast<int>(map_.distance.size()); ++other) {
      if (other != node && other != from) look(other);
    }
  }
  // A group that settles on several nodes: each thread stays with the one it has got.
  if (localities_->group(id) >= 0) {
    move.node = found.best == kNoCpu ? from : map_.node[at(found.best)];
    prefer(id, move.node);
  }
  if (found.best == kNoCpu) return move;
  move.moved = relocate(threads_[at(id)], cpu_at(found.best));
  if (move.moved && found.swap != kNoThread) relocate(threads_[at(found.swap)], cpu_at(source));
  return move;
}

// Whatever it is about; false where it may not run, or where a quota is used up.
bool Fair::relocate(Thread& thread, Cpu& to) {
  Cpu& from = cpu_at(thread.cpu);
  if (&from == &to || !allowed(thread, to.id)) return false;
  if (!thread.runnable) {
    thread.wake_cpu = to.id;
    return true;
  }
  if (thread.throttled || thread.here->throttled || thread.whole->throttled_on(to.id)) return false;
  account(from);
  account(to);
  const bool running = thread.on_cpu;
  dequeue(from, thread, false);
  if (running) {
    dispatch(from, next_thread(from));
  } else {
    arm_tick(from);
  }
  enqueue(to, thread, Arrival::move);
  note_migration(thread.id, from.id, to.id);
  if (to.current == nullptr) {
    reschedule(to);
  } else {
    rearm(to);
  }
  return true;
}

void Fair::allow(ThreadId id, const std::vector<CpuId>& cpus) {
  Thread& thread = threads_[at(id)];
  if (cpus.empty()) throw sim::ModelError{"scheduler: a thread needs a CPU"};
  thread.allowed.assign(cpus_.size(), 0);
  for (const CpuId cpu : cpus) thread.allowed.at(at(cpu)) = 1;
  thread.pinned = std::count(thread.allowed.begin(), thread.allowed.end(), char{1}) == 1;
  if (allowed(thread, thread.cpu)) return;
  // The one with the fewest threads.
  const CpuId best = *std::min_element(cpus.begin(), cpus.end(), [&](CpuId a, CpuId b) {
    return cpu_at(a).threads.size() < cpu_at(b).threads.size();
  });
  relocate(thread, cpu_at(best));
}

}  // namespace models::scheduler
