// Replications of a model against a closed form, each inside the simulation's own interval.
#pragma once

#include <functional>
#include <vector>

#include "sim/interval.hpp"

namespace theory {

// One comparison is a false alarm with a chance of 1e-7; seeds are fixed, so none comes and goes.
inline constexpr double kConfidence = 1.0 - 1e-7;

inline sim::Interval replicate(const std::function<double(std::uint64_t seed)>& model,
                               int replications = 24) {
  std::vector<double> samples;
  for (int r = 1; r <= replications; ++r) samples.push_back(model(static_cast<std::uint64_t>(r)));
  return sim::mean_interval(samples, kConfidence);
}

// Also narrow enough to mean something.
inline bool agrees(const sim::Interval& simulated, double theory, double within) {
  return simulated.contains(theory) && (simulated.hi - simulated.lo) / 2.0 < within * theory;
}

}  // namespace theory
