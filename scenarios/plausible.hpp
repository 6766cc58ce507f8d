// Hardware that nobody has: most likely a unit that was mistaken.
#pragma once

#include "models/host_description.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// Adds what no machine of the last decades was like: its clock, turbo below it, caches that are
// slower than what stands behind them.
void check_plausible(const Node& document, const models::HostDescription& host, Problems& problems);

}  // namespace scenarios
