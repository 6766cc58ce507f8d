// From a study's results to the prediction that a check asks for.
#pragma once

#include <optional>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"
#include "validation/case.hpp"
#include "validation/compare.hpp"

namespace validation {

// The index of the one sweep point at the coordinates, numbers compared by value. Nothing when
// none or several fit.
std::optional<std::size_t> find_point(const scenarios::Study& study,
                                      const scenarios::Coordinates& at);

// offset + scale * value, or with `inverse` offset + scale / value.
double in_recorded_unit(const Check& check, double value);

// in_recorded_unit(metric / relative_to), with its 90 % interval. The interval of one more run
// follows from the confidence interval of the mean of n: its half-width is t(n-1) s / sqrt(n),
// that of a new run t'(n-1) s sqrt(1 + 1/n). Throws sim::ConfigError, place first, when the study
// has no such point or metric.
Prediction predict(const Check& check, const Case& of, const scenarios::Study& study,
                   const scenarios::StudyResults& results);

}  // namespace validation
