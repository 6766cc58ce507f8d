// Keys of shadow paging: what the VMM does, and how a workload changes address spaces.
#pragma once

#include "models/vmm/shadow_paging.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::vmm::ShadowTunables>& shadow_keys();
const Section<models::vmm::AddressSpaces>& address_space_keys();

}  // namespace scenarios
