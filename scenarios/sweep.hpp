// The [sweep] and [report] tables of a document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

struct SweepKey {
  std::string key;
  Location at;
  Node::Array values;
};

std::vector<SweepKey> sweep_keys(const Node& document, Problems& problems);

// A value as coordinates show it; arrays (pin sets) as they would be written.
SweepValue sweep_value(const Node& node);

// "vm.guest.count = 24, vm.guest.pin = core": a point in messages.
std::string text(const Coordinates& at);

// "throughput", "vm.guest.throughput", "migration.guest.time", "cluster.b.host.switches".
bool is_metric(std::string_view name);
// `, did you mean "throughput"?`, or nothing.
std::string nearest_metric(std::string_view word);

// The baseline among the study's points, and the metrics to show.
void read_report(const Node& document, Study& study, Problems& problems);

}  // namespace scenarios
