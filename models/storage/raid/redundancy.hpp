// What an array keeps and survives, as formulas of its level: used share of the disks, failures
// that are always survived, and how likely the next failure loses the array.
//
// Source  seeds.toml raid.*; RAID 10: of 2n disks in pairs the second failure hits the first one's
//         partner with 1 / (2n - 1).
// Checked tests/models/storage/raid/redundancy_test.cpp.
#pragma once

#include <string_view>

#include "models/storage/raid/description.hpp"

namespace models::storage::raid {

std::string_view name(Level level);  // "raid5"

// Throws ConfigError: "raid5 with 2 disks, needs at least 3".
void check(Level level, int disks, int copies);

// Failures that are survived whichever disks fail.
int fault_tolerance(Level level, int disks, int copies = 2);
// That the array is lost with its k-th failed disk, having survived k - 1 (k from 1); disks fail
// in any order, none is replaced. Exact for up to 3 copies and where copies divide the disks.
double loss_probability(Level level, Layout layout, int disks, int copies, int k);

// Whether each piece of data is still somewhere.
bool survives(Level level, Layout layout, int copies, const std::vector<bool>& failed);

}  // namespace models::storage::raid
