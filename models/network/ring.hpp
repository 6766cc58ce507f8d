// A finite queue of batches between two stages, counted in descriptors.
//
// A sender that finds no room waits (a stopped transmit queue) or loses what it has (a receive
// ring). Those who wait go in turn: a NIC serves its transmit queues round and round, and so does a
// switch its ports. A batch larger than the whole ring passes when the ring is empty.
// Checked tests/models/network/ring_test.cpp.
#pragma once

#include <cstdint>
#include <deque>

#include "models/network/path.hpp"
#include "sim/process.hpp"

namespace models::network {

class Ring {
 public:
  Ring(sim::Engine& engine, int descriptors)
      : engine_{engine}, capacity_{descriptors}, filled_{engine}, drained_{engine} {}

  sim::Engine& engine() { return engine_; }
  bool empty() const { return batches_.empty(); }
  int used() const { return used_; }
  bool fits(int descriptors) const { return used_ == 0 || used_ + descriptors <= capacity_; }

  void put(const Batch& batch, int descriptors) {
    batches_.push_back({batch, descriptors});
    used_ += descriptors;
    filled_.fire();
  }
  // Waits for room, behind those who wait already.
  sim::Task<> put_when_room(Batch batch, int descriptors) {
    const std::uint64_t turn = turns_++;
    while (turn != served_ || !fits(descriptors)) co_await drained_;
    ++served_;
    put(batch, descriptors);
    if (served_ != turns_) drained_.fire();  // the next may fit, too
  }
  // Waits for a batch; its descriptors stay in use until done().
  sim::Task<Batch> take() {
    while (batches_.empty()) co_await filled_;
    const Held first = batches_.front();
    batches_.pop_front();
    held_ += first.descriptors;
    co_return first.batch;
  }
  // What was taken has left the ring.
  void done() {
    used_ -= held_;
    held_ = 0;
    drained_.fire();
  }

 private:
  struct Held {
    Batch batch;
    int descriptors;
  };
  sim::Engine& engine_;
  int capacity_;
  int used_ = 0;
  int held_ = 0;
  std::uint64_t turns_ = 0;   // asked for
  std::uint64_t served_ = 0;  // have had theirs
  std::deque<Held> batches_;
  sim::Signal filled_;
  sim::Signal drained_;
};

}  // namespace models::network
