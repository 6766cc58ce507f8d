// The report of a validation as JSON (the contract in README.md) and as a text table.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "validation/validate.hpp"

namespace validation {

// { "points": [...], "summary": {...}, "baselines": {...} }
nlohmann::ordered_json to_json(const Report& report);

// Per point recorded, predicted, interval and error; uncovered points grouped by reason; then the
// summary and the baselines. Ends with a newline.
std::string table(const Report& report);

}  // namespace validation
