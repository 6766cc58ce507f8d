// The [sweep] and [report] tables of a document.
#pragma once

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

// The baseline among the study's points, and the metrics to show.
void read_report(const Node& document, Study& study, Problems& problems);

}  // namespace scenarios
