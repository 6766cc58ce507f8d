// Keys of scenarios with several hosts: [cluster.network], [cluster.host.<name>], [migrate.<vm>],
// and `on` of a [[vm]].
#pragma once

#include <vector>

#include "models/host_description.hpp"
#include "scenarios/node.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

// Called when [host], [vmm] and all [[vm]] have been read: hosts that say nothing else are as
// [host], and VMs go to the host that they name.
void read_cluster(Node& document, models::HostDescription& host,
                  const std::vector<Assumption>& assumed, std::vector<UncertainParameter>& found,
                  Problems& problems);
void write_cluster(Json& json, const models::HostDescription& host);
void list_cluster_keys(std::vector<KeyInfo>& all);

}  // namespace scenarios
