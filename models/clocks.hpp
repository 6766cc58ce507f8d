// The clocks of a host's cores under a frequency governor: samples while a core runs below its
// highest clock, none while it sleeps.
//
// Part of the composition root (running_host.hpp); what a governor decides is compute/governor.hpp.
// Threads of the host slow down with their core as guests do; under `performance` nothing happens.
// Checked tests/models/boots_test.cpp, tests/models/compute/governor_test.cpp.
#pragma once

#include <deque>

#include "models/compute/governor.hpp"
#include "sim/event.hpp"

namespace models {

class RunningHost;

class Clocks {
 public:
  explicit Clocks(RunningHost& host);

  // Threads run on the CPU (or none any more).
  void switched(int cpu, bool was_busy, bool is_busy);

 private:
  struct Core {
    Core(Clocks& owner, int number);
    void on_sample() { clocks.sample(*this); }
    Clocks& clocks;
    int core;
    compute::CoreGovernor governor;
    sim::Event next;
    int busy = 0;  // threads
  };
  void sample(Core& core);
  void follow(Core& core);
  void pace_thread(int cpu, double slowdown);

  RunningHost& host_;
  bool scaled_;
  sim::Hertz highest_{};
  std::deque<Core> cores_;
};

}  // namespace models
