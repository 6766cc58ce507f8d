// The [report] table of a document.
// Checked tests/scenarios/read_test.cpp, limit_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

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
