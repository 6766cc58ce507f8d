// A thread of the VMM that handles events in rounds: whatever came before a round's look is handled
// in it.
//
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <coroutine>

#include "models/running_host.hpp"
#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models {

class EventLoop final : public storage::Thread {
 public:
  // CPU time of the loop's thread; the first after a look holds that too.
  class Work {
   public:
    Work(EventLoop& loop, sim::Cycles cycles);
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { run_.await_suspend(waiter); }
    void await_resume() const;

   private:
    EventLoop& loop_;
    RunningHost::Run run_;
    sim::Duration after_look_;  // negative: holds none
  };

  EventLoop(RunningHost& host, int worker) : host_{host}, worker_{worker} {}
  sim::Engine& engine() { return host_.engine(); }
  int worker() const { return worker_; }
  sim::Task<> work(sim::Duration cpu_time) override;
  Work work(sim::Cycles cycles) { return {*this, cycles}; }
  RunningHost::Run work_on(int worker, sim::Cycles cycles);
  // The next work begins with a look for events, unless there was or will be one since `event`.
  void look(sim::Instant event, sim::Cycles cycles) {
    if (looked_at_ <= event) look_ = cycles;
  }

 private:
  RunningHost& host_;
  int worker_;
  sim::Cycles look_{};  // to come
  sim::Instant looked_at_{-sim::Duration{1}};
};

}  // namespace models
