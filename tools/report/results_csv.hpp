// A study's results as CSV in long form, one line a point and metric, for spreadsheets and R.
#pragma once

#include <string>
#include <string_view>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// Quoted where RFC 4180 asks for it.
std::string csv_field(std::string_view text);

// The sweep's keys, then metric, value, lo, hi, unit. Shares of time are the metrics
// "vm.guest.time.steal" and so on; they have no interval. Lines end in a bare newline.
std::string results_csv(const scenarios::Study& study, const scenarios::StudyResults& results);

}  // namespace tools::report
