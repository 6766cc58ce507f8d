#include "models/memory/numad.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace models::memory {
namespace {

constexpr double kLeastCpus = 50.0;      // CPU_THRESHOLD
constexpr double kLeastMemory = 300.0;   // MEMORY_THRESHOLD
constexpr double kAgain_s = 300.0;       // MIN_DELAY_FOR_REEVALUATION
constexpr double kLocality = 90.0;       // DEFAULT_MEMLOCALITY_PERCENT
constexpr double kMemoryMargin = 100.0;  // MBS_MARGIN

double all_memory(const NumadProcess& process) {
  return std::accumulate(process.memory.begin(), process.memory.end(), 0.0);
}

// combined_value_of_weighted_resources
double value(const NumadNode& node, double memory, double cpus) {
  const double needed_memory = std::min(node.memory_free, memory);
  const double needed_cpus = std::min(node.cpus_free, cpus);
  return (needed_memory * 10 + (node.memory_free - needed_memory) * 4) *
         (needed_cpus * 6 + (node.cpus_free - needed_cpus));
}

}  // namespace

Numad::Numad(const NumadTunables& tunables, std::vector<std::vector<int>> distances)
    : tunables_{tunables}, distances_{std::move(distances)} {}

std::optional<NumadBinding> Numad::manage(double now_s, const std::vector<NumadProcess>& processes,
                                          const std::vector<NumadNode>& nodes) const {
  std::vector<int> order;
  double used = 0.0, total = 0.0;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (processes[i].cpus <= kLeastCpus || all_memory(processes[i]) <= kLeastMemory) continue;
    order.push_back(static_cast<int>(i));
    used += processes[i].cpus;
  }
  for (const NumadNode& node : nodes) total += node.cpus;
  const auto of = [&](int i) -> const NumadProcess& {
    return processes[static_cast<std::size_t>(i)];
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    const bool bound_a = !of(a).nodes.empty(), bound_b = !of(b).nodes.empty();
    if (bound_a != bound_b) return bound_b;
    return of(a).cpus * all_memory(of(a)) > of(b).cpus * all_memory(of(b));
  });
  for (const int i : order) {
    const NumadProcess& process = of(i);
    if (!process.nodes.empty() && now_s < process.bound_s + kAgain_s) continue;
    std::vector<int> target = pick(process, nodes, used <= total);
    double elsewhere = 0.0;
    for (int node = 0; node < static_cast<int>(nodes.size()); ++node) {
      if (std::find(target.begin(), target.end(), node) == target.end())
        elsewhere += process.memory[static_cast<std::size_t>(node)];
    }
    const bool there = 100 * elsewhere / all_memory(process) <= 100 - kLocality;
    if (there && target == process.nodes) continue;
    return NumadBinding{i, std::move(target)};
  }
  return std::nullopt;
}

std::vector<int> Numad::pick(const NumadProcess& process, const std::vector<NumadNode>& nodes,
                             bool enough_cpus) const {
  const double used = all_memory(process);
  double memory = used * 100 / std::min(tunables_.utilization, 100);
  double cpus = std::min(process.cpus * 100 / tunables_.utilization, 100.0 * process.threads);
  const bool bound = !process.nodes.empty() && process.nodes.size() < nodes.size();
  // Nodes as they would be without the process, those that have its memory a little dearer.
  std::vector<NumadNode> free = nodes;
  double mean_free = process.cpus, all_free = 0.0;
  for (const int node : process.nodes) mean_free += nodes[static_cast<std::size_t>(node)].cpus_free;
  if (bound) mean_free /= static_cast<double>(process.nodes.size());
  std::vector<double> worth;
  for (std::size_t n = 0; n < free.size(); ++n) {
    NumadNode& node = free[n];
    const double own = process.memory[n];
    if (bound) {
      node.memory_free += own * 5 / 4;
      if (std::count(process.nodes.begin(), process.nodes.end(), static_cast<int>(n)) > 0)
        node.cpus_free = mean_free;
    } else {
      node.memory_free += own * 17 / 16;
      node.cpus_free += process.cpus * own / std::max(1.0, used);
    }
    all_free += node.cpus_free;
    node.cpus_free = std::clamp(node.cpus_free, 1.0, std::max(1.0, node.cpus));
    node.memory_free = std::min(node.memory_free, node.memory);
    worth.push_back(value(node, memory, cpus));
  }
  enough_cpus = enough_cpus || cpus > all_free;
  const double slack = (100 - std::min(tunables_.utilization, 100)) * nodes[0].cpus / 200;
  auto least = static_cast<int>(
      std::max(std::ceil(memory / nodes[0].memory), std::ceil((cpus - slack) / nodes[0].cpus)));
  least = std::clamp(least, 1, static_cast<int>(nodes.size()));
  const auto near = [&](int from) {
    std::vector<int> order(free.size());
    std::iota(order.begin(), order.end(), 0);
    const std::vector<int>& distance = distances_[static_cast<std::size_t>(from)];
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      const auto x = static_cast<std::size_t>(a), y = static_cast<std::size_t>(b);
      return distance[x] != distance[y] ? distance[x] < distance[y] : worth[x] > worth[y];
    });
    return order;
  };
  int best = 0;
  double most = -1.0;
  for (int from = 0; from < static_cast<int>(free.size()); ++from) {
    double sum = 0.0;
    const std::vector<int> order = near(from);
    for (int k = 0; k < least; ++k) {
      const auto node = static_cast<std::size_t>(order[static_cast<std::size_t>(k)]);
      const double distance = distances_[static_cast<std::size_t>(from)][node];
      sum += worth[node] / (distance * distance);
    }
    if (sum <= most) continue;
    most = sum;
    best = from;
  }
  std::vector<int> target;
  for (const int n : near(best)) {
    if (least <= 0 && memory <= 0 && (enough_cpus || cpus <= slack)) break;
    target.push_back(n);
    --least;
    const NumadNode& node = free[static_cast<std::size_t>(n)];
    memory = node.memory_free >= memory + kMemoryMargin
                 ? 0.0
                 : memory - (node.memory_free - kMemoryMargin);
    cpus = std::max(0.0, cpus - node.cpus_free);
  }
  std::sort(target.begin(), target.end());
  return target;
}

}  // namespace models::memory
