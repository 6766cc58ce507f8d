// Means with Student-t intervals, and where the warm-up of a series ends.
//
//   replications   x[1..n] independent: mean -+ t(n-1) s / sqrt(n)
//   paired         the same of a[i] - b[i], which share their random numbers
//   batch means    one long series cut into k batches, whose means are nearly independent
//   MSER-5         White 1997: of means of five, drop the first d that make the standard error of
//                  the rest least; d at most half of the series
//
// Checked tests/sim/interval_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

namespace sim {

// lo == hi == value when the samples are one, or all equal.
struct Interval {
  double value = 0.0;
  double lo = 0.0;
  double hi = 0.0;
  bool contains(double x) const { return lo <= x && x <= hi; }
};

// Expects at least one sample and 0 < confidence < 1.
Interval mean_interval(const std::vector<double>& samples, double confidence);
// Of a[i] - b[i]; expects equal lengths.
Interval paired_interval(const std::vector<double>& a, const std::vector<double>& b,
                         double confidence);
// Observations that do not fill a last batch are left out. Expects batches >= 2 and at least as
// many observations.
Interval batch_means_interval(const std::vector<double>& series, std::size_t batches,
                              double confidence);

// How many observations to drop at the start; 0 for series too short to tell (below 20).
std::size_t warm_up_length(const std::vector<double>& series);

}  // namespace sim
