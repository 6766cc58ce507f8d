// The [sweep] table of a document.
//
//   [sweep]
//   "vm.guest.count" = [1, 16, 64]                     # the cross product of these two
//   "vm.guest.vcpus, vm.guest.memory" = [[2, "4 GiB"], [8, "16 GiB"]]    # two keys side by side
//
// Checked tests/scenarios/sweep_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

// Keys that are swept together, one of them mostly.
struct SweepKeys {
  std::vector<std::string> keys;
  Location at;
  std::vector<Node::Array> steps;  // a value of each key
};

std::vector<SweepKeys> swept(const Node& document, Problems& problems);

// Sets the keys of a point, and what overrides set below them: a swept value replaces what was
// there, a workload's name all keys of the workload. Returns the coordinates.
Coordinates set_step(Node& document, const SweepKeys& keys, std::size_t step,
                     const std::vector<Override>& overrides, Problems& problems);

// A key that is given one value is swept no more, nor beside others; nor is a baseline that says
// another value of it. What that changes is noted.
void fix_swept(Node& document, const std::string& key, const Node& value,
               std::vector<std::string>& notes, Problems& problems);

// A value as coordinates show it; arrays (pin sets) as they would be written.
SweepValue sweep_value(const Node& node);
// 24 and 24.0 are.
bool same(const SweepValue& a, const SweepValue& b);

// "vm.guest.count = 24, vm.guest.pin = core": a point in messages.
std::string text(const Coordinates& at);

}  // namespace scenarios
