// What a preset is not sure of: `[[host.uncertain]]` beside the keys it speaks of.
//
//   [[host.uncertain]]
//   key = "link.*.efficiency"       # of this table; * means every element of an array
//   deviation = 0.05                # standard deviation, in the key's own unit, or "15 %" of it
//   low = 0.25                      # optional: physical bounds, for `tenancy calibrate`
//   high = 0.85
//   source = "two published figures, 0.28 and 0.36"
//   correlation = { "controller.efficiency" = -0.4 }   # optional, as calibration leaves it
//
// Devices' presets have entries of their own, `[[device.uncertain]]`: one number for all disks of
// the preset. With bounds and no deviation the key is taken as uniform between them. A scenario
// that gives the key a value of its own is no longer spoken of: the entry does not apply. What no
// entry speaks of is as uncertain as general.hpp says; deviation = 0 says that it is exact.
#pragma once

#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

// Leaves in `base` those of its entries that `over` does not decide, and moves those of `over`
// there.
void merge_uncertain(Node& base, Node& over);

// Takes `uncertain` out of an expanded table ("host", "vmm", "workload"), adds its parameters to
// `found` (each once), and gives the keys that `assumed` names their assumed values.
void take_uncertain(Node& node, std::string_view table, const std::vector<Assumption>& assumed,
                    std::vector<UncertainParameter>& found, Problems& problems);

// The nodes that a key of an expanded or a preset's own table means, "link.*.efficiency": several
// with a star, none when the table does not have it.
std::vector<Node*> values_of(Node& table, std::string_view key);

// A parameter's value as a scenario writes it: "54 ns", or 0.3.
std::string text(const UncertainParameter& parameter, double value);

}  // namespace scenarios
