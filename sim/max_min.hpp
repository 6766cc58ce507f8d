// Max-min fair rates of flows through links of limited capacity.
//
//   route[flow]      links that the flow crosses, each once
//   capacity[link]   c
//   weight[flow]     w > 0;   bound[flow]  largest rate of its own, infinity for none
//
// Rates x are max-min fair when none can grow without making one smaller whose x / w is no larger.
// Progressive filling finds them: raise the level t, x = w t, of all flows together; when a link is
// full (t = (c - sum of fixed x) / sum of rising w) or a flow is at its bound (t = bound / w), the
// flows there are fixed; go on with the others. Each round fixes at least one flow:
// O(rounds x (flows x route + links)).
// Checked tests/sim/max_min_test.cpp: every flow has a bottleneck, on random networks.
#pragma once

#include <limits>
#include <vector>

namespace sim {

struct FlowDemand {
  std::vector<int> route;
  double weight = 1.0;
  double bound = std::numeric_limits<double>::infinity();
};

// Rates in the unit of capacities and bounds. A flow that crosses no link gets its bound.
std::vector<double> max_min_rates(const std::vector<double>& capacity,
                                  const std::vector<FlowDemand>& flows);

}  // namespace sim
