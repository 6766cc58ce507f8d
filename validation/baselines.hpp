// Two predictions that anyone could make without a simulator, to measure skill against.
//
// Fluid CPU: the host is cores x clock, shared max-min among guests by their CPU shares; each
// wants the cycles that it would use alone. No memory, caches, scheduler, exits or I/O path: what
// users of SimGrid or CloudSim have.
// Rule of thumb: five single-vCPU guests a core run as if alone, above that they share; never
// plan above ten.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "models/host_description.hpp"
#include "scenarios/scenario.hpp"
#include "validation/case.hpp"

namespace validation {

// Units of work a second of one VM of each class, in the order of `vms`.
std::vector<double> fluid_throughput(const models::HostDescription& host);

// Performance of a guest relative to the one it has alone.
double rule_of_thumb_performance(const models::HostDescription& host);

// What they predict for a check of relative throughput, or of one throughput over another (fluid
// CPU only); nothing for other metrics and for absolute rates.
std::optional<double> fluid_cpu(const Check& check, const scenarios::Study& study);
std::optional<double> rule_of_thumb(const Check& check, const scenarios::Study& study);

}  // namespace validation
