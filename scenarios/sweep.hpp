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

// A key that is given one value is swept no more; nor is a baseline that says another value of it.
// What that changes is noted.
void fix_swept(Node& document, const std::string& key, const Node& value,
               std::vector<std::string>& notes, Problems& problems);

// A value as coordinates show it; arrays (pin sets) as they would be written.
SweepValue sweep_value(const Node& node);
// 24 and 24.0 are.
bool same(const SweepValue& a, const SweepValue& b);

// "vm.guest.count = 24, vm.guest.pin = core": a point in messages.
std::string text(const Coordinates& at);

// "throughput", "vm.guest.throughput", "migration.guest.time", "cluster.b.host.switches",
// "latency.p99.relative".
bool is_metric(std::string_view name);
// `, did you mean "throughput"?`, or nothing.
std::string nearest_metric(std::string_view word);

// What is wrong with a metric of a VM class that is not among the names; else empty.
std::string no_such_vm(std::string_view metric, const std::vector<std::string_view>& names);

// The baseline among the study's points, the metrics to show, and limits.
void read_report(const Node& document, Study& study, Problems& problems);

}  // namespace scenarios
