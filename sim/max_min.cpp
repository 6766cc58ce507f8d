#include "sim/max_min.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace sim {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSame = 1e-12;  // levels that differ by less, relatively, are one

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

std::vector<double> max_min_rates(const std::vector<double>& capacity,
                                  const std::vector<FlowDemand>& flows) {
  std::vector<double> rate(flows.size(), 0.0);
  std::vector<double> left = capacity;               // beside fixed flows
  std::vector<double> rising(capacity.size(), 0.0);  // weights of those that still rise
  std::vector<int> users(capacity.size(), 0);
  std::vector<std::size_t> open;
  for (std::size_t f = 0; f < flows.size(); ++f) {
    open.push_back(f);
    for (const int link : flows[f].route) {
      rising[at(link)] += flows[f].weight;
      ++users[at(link)];
    }
  }
  std::vector<double> level(capacity.size());
  while (!open.empty()) {
    double next = kInfinity;
    for (std::size_t link = 0; link < capacity.size(); ++link) {
      level[link] = rising[link] > 0.0 ? std::max(0.0, left[link]) / rising[link] : kInfinity;
      next = std::min(next, level[link]);
    }
    for (const std::size_t f : open) next = std::min(next, flows[f].bound / flows[f].weight);
    const double reached = next < kInfinity ? next * (1.0 + kSame) : next;
    const auto fixed = [&](std::size_t f) {
      const bool full = std::any_of(flows[f].route.begin(), flows[f].route.end(),
                                    [&](int link) { return level[at(link)] <= reached; });
      return full || flows[f].bound / flows[f].weight <= reached;
    };
    // Decided before any is taken off its links, so that all of one level go together.
    const auto still =
        std::stable_partition(open.begin(), open.end(), [&](std::size_t f) { return !fixed(f); });
    for (auto f = still; f != open.end(); ++f) {
      const FlowDemand& flow = flows[*f];
      rate[*f] = std::min(flow.bound, flow.weight * next);
      for (const int link : flow.route) {
        left[at(link)] -= rate[*f];
        // Weights that sum to nothing but rounding are nothing.
        rising[at(link)] = --users[at(link)] == 0 ? 0.0 : rising[at(link)] - flow.weight;
      }
    }
    open.erase(still, open.end());
  }
  return rate;
}

}  // namespace sim
