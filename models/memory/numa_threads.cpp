// Where NUMA balancing would have threads run, and how often it scans (semantics.md 1.9).
#include <algorithm>
#include <numeric>

#include "models/memory/numa_space.hpp"

namespace models::memory {
namespace {

constexpr double kActive = 3.0;  // ACTIVE_NODE_FRACTION
constexpr int kSlots = 10;       // NUMA_PERIOD_SLOTS
constexpr int kEnough = 7;       // NUMA_PERIOD_THRESHOLD

double sum(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

}  // namespace

bool NumaSpace::wants_to_move(int id, double runtime_s, double now_s, int node) {
  Thread& thread = threads_[at(id)];
  if (now_s < thread.retry_s) return false;
  if (thread.passes != passes_) place(thread, runtime_s, now_s);
  if (thread.preferred < 0) return false;
  thread.retry_s = now_s + std::min(1.0, thread.period_s / 16);
  return thread.preferred != node;
}

// task_numa_placement
void NumaSpace::place(Thread& thread, double runtime_s, double now_s) {
  thread.passes = passes_;
  const double faults = thread.local + thread.remote;
  const double busy =
      (runtime_s - thread.placed_at_runtime_s) / std::max(1e-9, now_s - thread.placed_s);
  thread.placed_s = now_s;
  thread.placed_at_runtime_s = runtime_s;
  const double shared = sum(thread.memory_now.shared), own = sum(thread.memory_now.own);
  const auto take = [&](std::vector<double>& average, std::vector<double>& now, double weight) {
    for (std::size_t n = 0; n < average.size(); ++n) {
      average[n] = average[n] / 2 + now[n] * weight;
      now[n] = 0.0;
    }
  };
  // Faults by CPU count as the thread's running time, not as their number.
  const double weight = busy * 65536 / (faults + 1);
  take(thread.memory.shared, thread.memory_now.shared, 1.0);
  take(thread.memory.own, thread.memory_now.own, 1.0);
  take(thread.cpu.shared, thread.cpu_now.shared, weight);
  take(thread.cpu.own, thread.cpu_now.own, weight);
  for (double& pages : thread.made) pages /= 2;
  thread.all = sum(thread.memory.shared) + sum(thread.memory.own);
  sum_group();
  std::vector<double> by_node(at(nodes_), 0.0);
  for (int node = 0; node < nodes_; ++node) {
    by_node[at(node)] = !grouped_ ? thread.memory.shared[at(node)] + thread.memory.own[at(node)]
                        : mesh_   ? group_weight(node)
                                  : group_memory_[at(node)];
  }
  const auto most = std::max_element(by_node.begin(), by_node.end());
  if (*most > 0) thread.preferred = static_cast<int>(most - by_node.begin());
  thread.period_max_s = std::max(period_min_s(), sim::seconds(tunables_.scan_period_max) /
                                                     windows() * std::max(1.0, shared_factor()));
  // update_task_scan_period
  if (thread.local + shared <= 0 || thread.failed > 0) {
    thread.period_s = std::min(thread.period_max_s, thread.period_s * 2);
    next_scan_s_ = now_s + thread.period_s;
    return;
  }
  adapt(thread, shared, own);
}

void NumaSpace::adapt(Thread& thread, double shared, double own) {
  const auto slots = [](double part, double other) {
    return part + other > 0 ? static_cast<int>(part * kSlots / (part + other)) : 0;
  };
  const int local = slots(thread.local, thread.remote);
  const int of_own = slots(own, shared);
  int step = 0;
  if (of_own >= kEnough) {
    step = std::max(1, of_own - kEnough);
  } else if (local >= kEnough) {
    step = std::max(1, local - kEnough);
  } else {
    step = std::max(local, of_own) - kEnough;
  }
  thread.period_s = std::clamp(thread.period_s + step * thread.period_s / kSlots, period_min_s(),
                               std::max(period_min_s(), thread.period_max_s));
  thread.local = thread.remote = thread.failed = 0.0;
}

void NumaSpace::sum_group() {
  group_shared_ = group_own_ = 0.0;
  for (int node = 0; node < nodes_; ++node) {
    double memory = 0.0, cpu = 0.0;
    for (const Thread& thread : threads_) {
      memory += thread.memory.shared[at(node)] + thread.memory.own[at(node)];
      cpu += thread.cpu.shared[at(node)] + thread.cpu.own[at(node)];
      group_shared_ += thread.memory.shared[at(node)];
      group_own_ += thread.memory.own[at(node)];
    }
    group_memory_[at(node)] = memory;
    group_cpu_[at(node)] = cpu;
  }
  const double most = *std::max_element(group_cpu_.begin(), group_cpu_.end());
  active_nodes_ = static_cast<int>(std::count_if(group_cpu_.begin(), group_cpu_.end(),
                                                 [&](double cpu) { return cpu * kActive > most; }));
}

// update_scan_period
void NumaSpace::moved(int id, int from, int to) {
  Thread& thread = threads_[at(id)];
  if (from == to || thread.all <= 0) return;
  const bool homewards = to == thread.preferred;
  const bool astray = thread.preferred >= 0 && from != thread.preferred;
  if (thread.passes > 0 && (homewards || astray)) return;
  thread.period_s = period_start_s();
}

// score_nearby_nodes of a glueless mesh: what lies near counts by how near.
double NumaSpace::score(const std::vector<double>& faults, int node) const {
  double all = faults[at(node)];
  if (!mesh_) return all;
  for (int other = 0; other < nodes_; ++other) {
    const int distance = distances_[at(node)][at(other)];
    if (other == node || distance == furthest_) continue;
    all += faults[at(other)] * (furthest_ - distance) / (furthest_ - 10);
  }
  return all;
}

double NumaSpace::weight(int id, int node) const {
  const Thread& thread = threads_[at(id)];
  if (thread.all <= 0) return 0.0;
  std::vector<double> faults = thread.memory.own;
  for (std::size_t n = 0; n < faults.size(); ++n) faults[n] += thread.memory.shared[n];
  return 1000 * score(faults, node) / thread.all;
}

double NumaSpace::group_weight(int node) const {
  const double all = sum(group_memory_);
  return grouped_ && all > 0 ? 1000 * score(group_memory_, node) / all : 0.0;
}

}  // namespace models::memory
