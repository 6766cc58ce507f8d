// What befell VMs, and how what was asked for became what was run: a line each, said once.
#pragma once

#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// What several points note, be it with other numbers, is one line: "At 5 of 8 points: ...".
std::string notes(const scenarios::Study& study, const scenarios::StudyResults& results);

}  // namespace tools::report
