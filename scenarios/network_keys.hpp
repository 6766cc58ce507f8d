// Keys of the network: [[host.nic]], [host.peer], [host.pcie], [[vm.nic]], [vmm.network] and
// [workload.net].
#pragma once

#include "models/network_description.hpp"
#include "models/pcie/description.hpp"
#include "models/workload/net_profile.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::NicDescription>& nic_keys();
const Section<models::PeerDescription>& peer_keys();
const Section<models::pcie::Description>& pcie_keys();
const Section<models::GuestNicDescription>& guest_nic_keys();
const Section<models::NetworkCosts>& network_cost_keys();
const Section<models::workload::NetProfile>& net_profile_keys();

}  // namespace scenarios
