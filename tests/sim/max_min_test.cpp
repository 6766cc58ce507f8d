#include "sim/max_min.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "sim/random.hpp"

using namespace sim;

namespace {

// Every flow is at its bound, or crosses a full link on which no flow has a larger x / w.
bool has_bottleneck(std::size_t f, const std::vector<double>& capacity,
                    const std::vector<FlowDemand>& flows, const std::vector<double>& rate) {
  constexpr double kSlack = 1e-9;
  if (rate[f] >= flows[f].bound * (1.0 - kSlack)) return true;
  return std::any_of(flows[f].route.begin(), flows[f].route.end(), [&](int link) {
    double load = 0.0;
    double highest = 0.0;
    for (std::size_t g = 0; g < flows.size(); ++g) {
      const auto& route = flows[g].route;
      if (std::find(route.begin(), route.end(), link) == route.end()) continue;
      load += rate[g];
      highest = std::max(highest, rate[g] / flows[g].weight);
    }
    const bool full = load >= capacity[static_cast<std::size_t>(link)] * (1.0 - kSlack);
    return full && rate[f] / flows[f].weight >= highest * (1.0 - kSlack);
  });
}

}  // namespace

TEST_CASE("the textbook's line of two links: the long flow and each short one get their halves") {
  // Bertsekas and Gallager: links of 10 and 4; one flow over both, one over each.
  const auto rate = max_min_rates({10.0, 4.0}, {{{0, 1}}, {{0}}, {{1}}});
  CHECK(rate[0] == Approx(2.0));
  CHECK(rate[1] == Approx(8.0));
  CHECK(rate[2] == Approx(2.0));
}

TEST_CASE("weights divide a link, bounds leave the rest to others") {
  const auto weighted = max_min_rates({12.0}, {{{0}, 1.0}, {{0}, 2.0}, {{0}, 3.0}});
  CHECK(weighted[0] == Approx(2.0));
  CHECK(weighted[1] == Approx(4.0));
  CHECK(weighted[2] == Approx(6.0));
  const auto bounded = max_min_rates({12.0}, {{{0}, 1.0, 1.0}, {{0}}, {{0}}});
  CHECK(bounded[0] == Approx(1.0));
  CHECK(bounded[1] == Approx(5.5));
}

TEST_CASE("a link of no capacity stops those that cross it and nobody else") {
  const auto rate = max_min_rates({0.0, 5.0}, {{{0, 1}}, {{1}}});
  CHECK(rate[0] == 0.0);
  CHECK(rate[1] == Approx(5.0));
}

TEST_CASE("on random networks every flow has a bottleneck and no link is overfull") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Random random{seed, "network"};
    const auto links = 1 + random.below(8);
    std::vector<double> capacity;
    for (std::uint64_t l = 0; l < links; ++l) capacity.push_back(0.1 + 10.0 * random.uniform());
    std::vector<FlowDemand> flows(1 + random.below(20));
    for (FlowDemand& flow : flows) {
      std::set<int> route;
      for (std::uint64_t hop = 0; hop <= random.below(4); ++hop)
        route.insert(static_cast<int>(random.below(links)));
      flow.route.assign(route.begin(), route.end());
      flow.weight = random.below(2) == 0 ? 1.0 : 0.1 + 3.0 * random.uniform();
      if (random.below(3) == 0) flow.bound = 0.05 + 4.0 * random.uniform();
    }
    const auto rate = max_min_rates(capacity, flows);
    std::vector<double> load(capacity.size(), 0.0);
    for (std::size_t f = 0; f < flows.size(); ++f) {
      CHECK(has_bottleneck(f, capacity, flows, rate));
      for (const int link : flows[f].route) load[static_cast<std::size_t>(link)] += rate[f];
    }
    for (std::size_t l = 0; l < load.size(); ++l) CHECK(load[l] <= capacity[l] * (1.0 + 1e-9));
  }
}
