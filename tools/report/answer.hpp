// The study's answer in a sentence: the slowest VM class, how slow, and why.
#pragma once

#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// What a class is compared with: "1 guest VM, pinned to cores", or alone on the host.
std::string baseline(const scenarios::Study& study);

std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results);

}  // namespace tools::report
