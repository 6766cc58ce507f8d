// Up to which count, or other number of the sweep, a study's limits are kept: "16 guest VMs fit".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// A line, or a list with one for each combination of what else is swept; empty without limits.
std::string limit_answer(const scenarios::Study& study, const scenarios::StudyResults& results);

// { "limits": texts, "along": the key, "answers": [{ "at": what else is swept, "kept": the largest
//   value up to which all limits are kept, or null, "safe": the same by prediction intervals,
//   "points": [{ "value", "metric", "estimate", "ci", "kept", "certain" }] }] }
nlohmann::ordered_json limit_json(const scenarios::Study& study,
                                  const scenarios::StudyResults& results);

}  // namespace tools::report
