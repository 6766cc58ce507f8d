// A thread of the VMM that handles events in rounds: whatever came before a round's look is handled
// in it. A handler takes all that it finds before the loop goes on to the next one, so that what
// one disk submits and what is completed come in batches.
//
// Source  QEMU aio-posix.c (aio_dispatch), hw/block/virtio-blk.c (virtio_blk_handle_output empties
//         the ring), block/linux-aio.c (the completion callback reaps until none is left).
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <coroutine>

#include "models/running_host.hpp"
#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"
#include "sim/units.hpp"

namespace models {

class EventLoop {
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

  // `lock`: held by each handler; QEMU's big lock for the main loop. Outlives the loop.
  EventLoop(RunningHost& host, int worker, sim::Server& lock)
      : host_{host}, worker_{worker}, lock_{lock} {}
  RunningHost& host() { return host_; }
  sim::Engine& engine() { return host_.engine(); }
  int worker() const { return worker_; }
  Work work(sim::Cycles cycles) { return {*this, cycles}; }
  RunningHost::Run work_on(int worker, sim::Cycles cycles);
  // A handler's turn: until the end of what it returns no other one begins, and no vCPU is let into
  // an emulated device under the same lock.
  auto handler() { return lock_.hold(); }
  // It sees what comes without being told.
  bool polls() const { return host_.polls(worker_); }
  // The next work begins with a look for events, unless there was or will be one since `event`, or
  // the loop polls.
  void look(sim::Instant event, sim::Cycles cycles) {
    if (looked_at_ <= event && !polls()) look_ = cycles;
  }

 private:
  RunningHost& host_;
  int worker_;
  sim::Server& lock_;
  sim::Cycles look_{};  // to come
  sim::Instant looked_at_{-sim::Duration{1}};
};

}  // namespace models
