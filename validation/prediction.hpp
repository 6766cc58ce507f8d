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

// in_recorded_unit(metric / relative_to), with its 90 % interval as scenarios/prediction.hpp forms
// it, replication by replication and parameter by parameter. Throws sim::ConfigError, place first,
// when the study has no such point or metric.
Prediction predict(const Check& check, const Case& of, const scenarios::Study& study,
                   const scenarios::StudyResults& results);

}  // namespace validation
