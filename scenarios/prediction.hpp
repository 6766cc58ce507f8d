// Prediction intervals: where a measurement of the real thing would fall, as far as the spread of
// replications and the uncertain numbers of presets tell.
//
//   y        a metric; m the mean of its n replications, s their standard deviation
//   d[i]     what y changes when parameter i is one standard deviation up (paired replications)
//   rho[i,j] correlation of parameters i and j
//   half^2 = (t(n-1) s)^2 (1 + 1/n) + z^2 sum[i,j] d[i] rho[i,j] d[j]        (first order)
//   interval = m -+ half, at 90 %
//
// Models  parameter uncertainty and replication noise.
// Omits   what the models leave out: `tenancy validate` reports how often intervals cover.
// Checked tests/scenarios/prediction_test.cpp; coverage in `tenancy validate`.
#pragma once

#include <functional>
#include <vector>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

inline constexpr double kPredictionLevel = 0.90;

// z^2 sum[i,j] d[i] rho[i,j] d[j] without z^2; `shifts` has one entry per parameter.
double parameter_variance(const std::vector<double>& shifts,
                          const std::vector<UncertainParameter>& parameters);

// The half-width above for samples of n >= 1 replications.
double prediction_half_width(const std::vector<double>& samples, double parameter_variance);

// Runs the study, then again with each uncertain parameter one standard deviation up (down where
// its bound is in the way), in few replications, and fills in shifts and prediction intervals. A
// study without uncertain presets gets none. An interrupted study has no prediction intervals.
StudyResults run_and_predict(const Study& study, const RunOptions& options);
StudyResults run_and_predict(const Study& study, const RunOptions& options, const Model& model);

}  // namespace scenarios
