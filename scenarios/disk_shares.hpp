// Guests' disks without a size, which are equal shares of what they lie on: other guests make them
// smaller, and on rotating disks that makes them faster.
// Checked tests/scenarios/disk_shares_test.cpp.
#pragma once

#include "scenarios/scenario.hpp"

namespace scenarios {

// Notes disks on rotating ones whose size changes over the study's points, or against the baseline
// of one VM alone. Disks that a guest does no I/O of, or in a span of its own choice, are none.
void note_disk_shares(Study& study);

}  // namespace scenarios
