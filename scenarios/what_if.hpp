// What a single change to a scenario would gain for one VM class: simulated with the change, under
// the same random numbers, and compared replication by replication.
//
// Checked tests/scenarios/what_if_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

struct Change {
  std::string name;   // "link-bandwidth", "vm.guest.pin = \"core\""
  std::string words;  // "links never queue", "pin each vCPU to a core"
  Scenario scenario;  // with the change
};

// One scenario for each mechanism that is on, without it; I/O's only where there is any such.
std::vector<Change> mechanisms_off(const Scenario& scenario);

// What an administrator could do about the class: pinning, memory placement, fewer neighbours,
// memory that is near. Changes that are no change, or that the host cannot have, are left out.
std::vector<Change> remedies(const Scenario& scenario, const std::string& vm);

struct Gain {
  std::string name;
  std::string words;
  Estimate gain;  // throughput with the change / without - 1
  bool certain() const { return gain.lo > 0.0 || gain.hi < 0.0; }
};

struct Gains {
  std::vector<Gain> list;  // largest first; as many as were finished
  bool interrupted = false;
};

// Throws as run() does; a model may stand in for the simulator in tests.
Gains gains(const Scenario& scenario, const std::vector<Change>& changes, const std::string& vm,
            const RunOptions& options, const Model& model = {});

}  // namespace scenarios
