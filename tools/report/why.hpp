// Why a VM class is slower than its baseline: the causes of its extra time, in terms that fit what
// it does and what it is allowed.
#pragma once

#include <cstddef>
#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// "link queueing 41 %, remote memory 33 %", three at most; empty when it is not slower.
std::string why(const scenarios::Study& study, const scenarios::PointResults& point,
                std::size_t vm_class);

}  // namespace tools::report
