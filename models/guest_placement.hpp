// Where guests' memory comes to lie while they run: first touches, and what age has done.
//
// Part of the composition root (running_host.hpp).
// Models  pages on the node of the vCPU that touches them first, at its pace or all of them when it
//         first runs; faults of first touches; guests of an age, whose vCPUs the scheduler has
//         moved meanwhile.
// Checked tests/models/guest_placement_test.cpp, virtual_nodes_test.cpp, boots_test.cpp.
#pragma once

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
struct RunningVm;
struct Worker;

class GuestPlacement {
 public:
  explicit GuestPlacement(RunningHost& host);
  // All memory of the VM is there from the start.
  void touch_parts(RunningVm& vm);
  // The others' vCPUs begin to touch theirs; once all of it lies somewhere, the host's memory
  // starts.
  void start();
  // A vCPU that has a part to touch first has a CPU, on `node`.
  void first_runs(Worker& worker, int node);

  // A vCPU that runs on `node` touches memory first; returns what was placed.
  sim::Bytes touch(const Worker& worker, sim::Bytes amount, int node);
  // The time that this takes it; `touching` guests do so on its node.
  void owe_first_touch(Worker& worker, sim::Bytes placed, int touching);
  // Places what the VM's running vCPUs have touched since the last call, on the node each runs on.
  void touch(RunningVm& vm);
  // Memory lies elsewhere: paces follow.
  void place(RunningVm& vm);

  void watch_moves();  // from here on moves between nodes are counted, for age()
  void age();          // of VMs with an age: spread as those moves have spread it by now

  sim::Engine& engine();

 private:
  void touch_part(Worker& worker, int node);
  sim::Process touch_rest();
  void fill();
  double first_touch_s(int vm, sim::Bytes placed, int touching) const;

  RunningHost& host_;
  sim::Event fill_;
  sim::Instant watched_from_{};
  bool all_there_ = true;  // of memory that is there from the start
};

}  // namespace models
