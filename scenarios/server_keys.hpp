// Keys of storage servers, [cluster.storage.<name>], and of `count` alike hosts.
#pragma once

#include <vector>

#include "models/host_description.hpp"
#include "scenarios/node.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::StorageServer>& server_keys();

// `storage`: the table of all servers; `found` as expand_devices() has it.
void read_servers(models::HostDescription& host, Node& storage,
                  const std::vector<Assumption>& assumed, std::vector<UncertainParameter>& found,
                  Problems& problems);
void write_servers(Json& json, const models::HostDescription& host);
void list_server_keys(std::vector<KeyInfo>& all);

// [cluster.host.b] with `count` = 3 becomes b0, b1 and b2; each [[vm]] on b becomes one on each of
// them, with the same number behind its name.
void number_hosts(Node& document, Problems& problems);

}  // namespace scenarios
