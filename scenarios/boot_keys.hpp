// Keys of how VMs start, and of what they cost beside their own memory.
#pragma once

#include "models/vmm_description.hpp"
#include "models/workload/boot_profile.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::workload::BootProfile>& boot_profile_keys();
const Section<models::vmm::BootCosts>& boot_cost_keys();
const Section<models::vmm::FaultCosts>& fault_keys();
const Section<models::vmm::OwnMemoryCosts>& own_memory_keys();

}  // namespace scenarios
