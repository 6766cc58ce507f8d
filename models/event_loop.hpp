// A thread of the VMM that handles events in rounds: whatever came before a round's look is handled
// in it.
//
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;

class EventLoop final : public storage::Thread {
 public:
  EventLoop(RunningHost& host, int worker) : host_{host}, worker_{worker} {}
  sim::Engine& engine();
  int worker() const { return worker_; }
  sim::Task<> work(sim::Duration cpu_time) override;
  sim::Task<> work(sim::Cycles cycles) { return work_on(worker_, cycles); }
  sim::Task<> work_on(int worker, sim::Cycles cycles);
  // Looks for events, unless it has since `event`.
  sim::Task<> look(sim::Instant event, sim::Cycles cycles);

 private:
  RunningHost& host_;
  int worker_;
  sim::Instant looked_at_{-sim::Duration{1}};
};

}  // namespace models
