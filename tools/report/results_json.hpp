// A study's results as JSON. This is a contract: fields are added, never renamed; SI units.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// { "tenancy": version, "study": title, "seed", "confidence", "replications", "interrupted",
//   "scenario": the first point, resolved,
//   "notes": how what was asked for became what was run,
//   "points": [{ "at", "metrics": { name: { "value", "ci", "unit" }, or null of VMs not there },
//                "time": { "vm.guest": { cause: share } }, "reasons": { "vm.guest": { ... } },
//                "utilisation": { part: share }, "replications", "scenario_patch",
//                "violations": when there are any }],
//   "limit": with [report] limit, see limit_answer.hpp }
// scenario_patch is an RFC 6902 patch that makes "scenario" that point's; so each point can be
// reproduced from its results.
nlohmann::ordered_json results_json(const scenarios::Study& study,
                                    const scenarios::StudyResults& results);

}  // namespace tools::report
