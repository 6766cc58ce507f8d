// What a single change to a scenario would gain for one VM class: simulated with the change, under
// the same random numbers, and compared by one of its metrics, replication by replication.
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
// memory that is near. Changes that are no change, or that the host cannot have, are left out; of a
// class on another host of a cluster there are none.
std::vector<Change> remedies(const Scenario& scenario, const std::string& vm);

struct Gain {
  std::string name;
  std::string words;
  Estimate gain;  // metric with the change / without - 1; of some metrics less than 0 is better
  bool certain() const { return gain.lo > 0.0 || gain.hi < 0.0; }
};

struct Gains {
  std::vector<Gain> list;          // best first; as many as were finished
  std::vector<std::string> notes;  // on runs with a change, of what is not said without it
  bool interrupted = false;
};

// A metric of a VM class, "latency.p99".
struct Criterion {
  std::string vm;
  std::string metric = "throughput";
};

// Throws as run() does; a model may stand in for the simulator in tests.
Gains gains(const Scenario& scenario, const std::vector<Change>& changes,
            const Criterion& criterion, const RunOptions& options, const Model& model = {});

}  // namespace scenarios
