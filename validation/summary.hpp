// Figures over many points: per subsystem and over all.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "validation/validate.hpp"

namespace validation {

// Keys are the subsystems of the records and "all".
std::map<std::string, Summary> summarise(const std::vector<Record>& records);
std::map<std::string, BaselineSummary> summarise_baselines(const std::vector<Record>& records);

// What the models leave out (scenarios/prediction.hpp) of a subject, as `calibrate` points tell,
// and no others: the relative error q of times and rates that makes one standard deviation hold 68
// % of them,
//
//   q[i]^2 = max(0, error^2 - s^2) / slope^2     of each value, s the deviation of all else
//   q      = the ceil(0.6827 (n + 1))-th of n points' q[i]; values of one point share its weight
//
// The middle of the points, not their tail: points that something else is wrong with should not
// widen the intervals of all. Nothing without such points. `validate` prints it beside what is in
// use; it is in use once somebody writes it into scenarios/uncertainty/general.toml.
struct FittedDiscrepancy {
  double value = 0.0;
  std::size_t points = 0;
};
std::optional<FittedDiscrepancy> fitted_discrepancy(const std::vector<Record>& records,
                                                    models::Subject subject);

// The q-quantile, 0 <= q <= 1, linear between order statistics (R's type 7); nothing of nothing.
std::optional<double> quantile(std::vector<double> values, double q);

}  // namespace validation
