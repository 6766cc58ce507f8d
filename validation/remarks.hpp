// How good a calibration is, and what its reader has to know before using its numbers.
#pragma once

#include <string>
#include <vector>

#include "validation/calibrate.hpp"

namespace validation {

// Relative root mean square of predicted / recorded - 1.
double root_mean_square(const std::vector<CalibratedValue>& values, bool after);

// Sentences: numbers that ended at a bound of their range, a fit that predicts no better than the
// preset did. Empty when there is nothing to say.
std::vector<std::string> remarks(const Calibration& calibration);

}  // namespace validation
