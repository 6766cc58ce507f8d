// A preset's text with fitted numbers in place of the old ones; all else, comments included, stays.
#pragma once

#include <string>

#include "validation/calibrate.hpp"

namespace validation {

// The text of a preset, embedded or of a file, as parameters name it (Calibration::preset_file).
std::string preset_text(const std::string& file);

// `text` with values, deviations and correlations of the fit, and on top what they were fitted to,
// when and how well, and what to beware of (remarks.hpp). `date` is printed as given. Throws
// sim::ConfigError when a value stands in another file than the preset's own, or an `uncertain`
// entry is an inline table.
std::string fitted_preset(const std::string& text, const Calibration& calibration,
                          const std::string& date);

}  // namespace validation
