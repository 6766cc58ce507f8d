// An operation that runs once at a time: who asks while it runs is served by the next run, together
// with all others that asked meanwhile. Flushes of an array and writes of its bitmap are such.
//
// Source  md.c md_flush_request (flushes of one time share a run since 5.2), md-bitmap.c unplug.
// Checked tests/models/storage/raid/md_test.cpp, bitmap_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "sim/process.hpp"

namespace models::storage::raid {

class Round {
 public:
  Round(sim::Engine& engine, std::function<sim::Task<>()> action)
      : engine_{engine}, action_{std::move(action)}, ended_{engine} {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;

  sim::Engine& engine() { return engine_; }
  // Completes when a run has that began at this instant or later.
  sim::Task<> run() {
    const std::uint64_t wanted = begun_ + 1;
    while (running_) {
      co_await ended_;
      if (done_ >= wanted) co_return;
    }
    running_ = true;
    ++begun_;
    co_await action_();
    done_ = begun_;
    running_ = false;
    ended_.fire();
  }

 private:
  sim::Engine& engine_;
  std::function<sim::Task<>()> action_;
  sim::Signal ended_;
  bool running_ = false;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace models::storage::raid
