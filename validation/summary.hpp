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

// The q-quantile, 0 <= q <= 1, linear between order statistics (R's type 7); nothing of nothing.
std::optional<double> quantile(std::vector<double> values, double q);

}  // namespace validation
