// Two studies side by side: metric by metric, point by point, replication by replication.
//
// Both run with the seed, replications and confidence of the first, so that they share their
// random numbers. The difference is (second - first), its interval Student's t of the paired
// differences.
// Checked tests/scenarios/compare_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

struct Difference {
  std::string metric;
  Estimate first;
  Estimate second;
  Estimate difference;  // in the metric's unit
  bool none() const { return difference.lo <= 0.0 && difference.hi >= 0.0; }
  // Share of the first; of a first that is zero, nothing.
  std::optional<Estimate> relative() const;
};

struct ComparedPoint {
  Coordinates at;
  std::vector<Difference> metrics;  // those that both have
  std::vector<std::string> only_first;
  std::vector<std::string> only_second;
};

struct Comparison {
  std::vector<ComparedPoint> points;
  bool interrupted = false;
};

// Throws sim::ConfigError when their sweeps have no point in common.
Comparison compare(const Study& first, Study second, const RunOptions& options,
                   const Model& model = {});

}  // namespace scenarios
