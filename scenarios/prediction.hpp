// Prediction intervals: where a measurement of the real thing would fall, as far as the spread of
// replications, the uncertain numbers of the description and the errors of the models tell.
//
//   y        a metric; m the mean of its n replications, s their standard deviation
//   d[i]     what y changes when parameter i is one standard deviation up: all parameters move at
//            once, up or down as the rows of an orthogonal design say (design.hpp), each row one
//            run under the random numbers of a replication, whose own y is taken off
//   rho[i,j] correlation of parameters i and j
//   q, e     relative errors of what the models leave out, by what the metric tells of, and of a
//            measurement (general.hpp)
//   half^2 = (t(n-1) s)^2 (1 + 1/n) + z^2 (sum[i,j] d[i] rho[i,j] d[j] + y^2 (q^2 Q^2 + e^2 E^2))
//   interval = m -+ half, at 90 %, as far as the metric goes, and never inside its confidence
//              interval
//
// Parameters are those that presets are not sure of (uncertain.hpp) and what is uncertain of every
// description (general.hpp). Times and rates have Q = E = 1. Of a ratio of two, E = sqrt 2 and
// Q = min(1, |ln ratio|): what both have in common cancels, and who says that nothing changes is
// wrong about nothing. Counts, sizes and shares have neither.
//
// Omits    second-order effects of parameters.
// Checked  tests/scenarios/prediction_test.cpp; coverage in `tenancy validate`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/metric_kind.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

inline constexpr double kPredictionLevel = 0.90;

// z^2 sum[i,j] d[i] rho[i,j] d[j] without z^2; `shifts` has one entry per parameter.
double parameter_variance(const std::vector<double>& shifts,
                          const std::vector<UncertainParameter>& parameters);

// The half-width above for samples of n >= 1 replications and the variance of all else.
double prediction_half_width(const std::vector<double>& samples, double variance);

// What a guest gets done is made of what its time goes to.
Mixture made_of(const PointResults& point, const std::string& metric);

// Q and E above, and what q is mixed of.
struct ErrorParts {
  double models = 0.0;
  double measurement = 0.0;
  Mixture mixture{1.0};
};
ErrorParts error_parts(const std::string& metric, double value, const Mixture& mixture);
ErrorParts error_parts_of_ratio(double ratio, const Mixture& mixture);

// q Q and e E together, relative; errors of the subjects are independent.
double left_out(const ErrorLevels& errors, const ErrorParts& parts);

// Runs the study, then the rows of the design, and fills in shifts and prediction intervals. An
// interrupted study has no prediction intervals.
StudyResults run_and_predict(const Study& study, const RunOptions& options);
StudyResults run_and_predict(const Study& study, const RunOptions& options, const Model& model);

}  // namespace scenarios
