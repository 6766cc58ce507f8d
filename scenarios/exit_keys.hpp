// Keys of VM exits: what they cost a VMM, and how often a workload takes them.
#pragma once

#include "models/vmm/exit_profile.hpp"
#include "models/vmm/exits.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::vmm::ExitCosts>& exit_cost_keys();
const Section<models::vmm::ExitProfile>& exit_profile_keys();

}  // namespace scenarios
