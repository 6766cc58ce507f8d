// One run's results as JSON and back, exactly: for the journal and between processes.
#pragma once

#include <nlohmann/json.hpp>

#include "models/results.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

Json to_json(const models::Results& results);
models::Results results_of(const Json& run);

}  // namespace scenarios
