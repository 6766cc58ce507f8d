// What a study has to simulate: its points, and the baselines that are no points.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "models/host_description.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

inline constexpr std::size_t kNoBaseline = static_cast<std::size_t>(-1);

// A scenario to simulate: a point of the study, or a VM class alone on a point's host.
struct Variant {
  Scenario scenario;
  std::string where;  // for messages
  models::RunLength length;
  std::string run_text;  // with a journal only
};

struct Plan {
  std::vector<Variant> variants;               // the study's points first, in their order
  std::vector<std::vector<std::size_t>> base;  // [point][VM class]: its baseline's variant
};

// Throws sim::ConfigError when a variant is impossible or there is nothing to run, before anything
// is simulated.
Plan make_plan(const Study& study, const RunOptions& options, const Model& model);

}  // namespace scenarios
