// Results as one self-contained HTML page: it opens from disk and needs no network.
//
// The page holds the same JSON as --json; page/page.js draws from it, with Chart.js inlined.
// Without scripts there are the answer and the table. Texts of a scenario reach the document as
// JSON, or escaped, so that none can act as markup.
#pragma once

#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"
#include "validation/validate.hpp"

namespace tools::report {

std::string study_page(const scenarios::Study& study, const scenarios::StudyResults& results);
std::string validation_page(const validation::Report& report);

}  // namespace tools::report
