// What no table of a scenario can tell by itself: whether there is a guest at all, whether those
// that are named exist, whether the model can run it.
#pragma once

#include "models/host_description.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// Adds to `problems` what is wrong with a point; to `room` that nothing is, but that its host is
// too small for what runs on it. Needs a point that could be read.
void check_point(const Node& document, const models::HostDescription& host, Problems& problems,
                 Problems& room);

}  // namespace scenarios
