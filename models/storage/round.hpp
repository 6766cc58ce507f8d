// An operation that runs once at a time: who asks while it runs is served by the next run, together
// with all others that asked meanwhile. Flushes of a disk's queue and of an array, and writes of an
// array's bitmap are such.
//
// Source  block/blk-flush.c (one flush under way, those that come meanwhile share the next); md.c
//         md_flush_request (since 5.2), md-bitmap.c unplug.
// Checked tests/models/storage/round_test.cpp.
#pragma once

#include <cstdint>

#include "sim/engine.hpp"
#include "sim/process.hpp"

namespace models::storage {

class Round {
 public:
  explicit Round(sim::Engine& engine) : engine_{engine}, ended_{engine} {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  sim::Engine& engine() { return engine_; }
  // Completes when a run has that began at this instant or later: of this action, or of another
  // caller's. `action` makes a Task.
  template <class Action>
  sim::Task<> run(Action action) {
    const std::uint64_t wanted = begun_ + 1;
    while (running_) {
      co_await ended_;
      if (done_ >= wanted) co_return;
    }
    running_ = true;
    ++begun_;
    co_await action();
    done_ = begun_;
    running_ = false;
    ended_.fire();
  }

 private:
  sim::Engine& engine_;
  sim::Signal ended_;
  bool running_ = false;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace models::storage
