// The answer of a study as text: a sentence, then a row for each point and VM class.
//
// Where the time went adds up to 100.0 % in each row: tenths are dealt by largest remainder.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "models/results.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"
#include "tools/report/grid.hpp"

namespace tools::report {

struct Layout {
  std::size_t columns = std::numeric_limits<std::size_t>::max();  // of the terminal
  bool colours = false;
};

// Shares in parts of `whole` (1000: tenths of a percent) that sum to it exactly.
std::array<int, models::kCauses> rounded(const std::array<double, models::kCauses>& shares,
                                         int whole);

// The table alone, at its full width.
Grid study_grid(const scenarios::Study& study, const scenarios::StudyResults& results);

// Ends with a newline. Too wide for the terminal, reasons move below the table and headings
// shrink; still too wide, each row becomes a paragraph.
std::string study_table(const scenarios::Study& study, const scenarios::StudyResults& results,
                        const Layout& layout = {});

}  // namespace tools::report
