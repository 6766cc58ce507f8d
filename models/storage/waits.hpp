// What requests of a guest wait for beside the disks, one request's time after the other.
#pragma once

#include "sim/engine.hpp"

namespace models::storage {

struct Waits {
  double limits_s = 0.0;      // until its I/O limits let it on
  double image_s = 0.0;       // its image's metadata, and copies into new clusters
  double storage_s = 0.0;     // disks, at what a cache began for others or for nobody
  double redundancy_s = 0.0;  // before an array writes its data: pre-reads, parity, bitmap
  double requests = 1.0;      // that wait together for one that they were merged into

  // What one waited is what each of those merged into it did.
  void add(const Waits& merged) {
    limits_s += merged.requests * merged.limits_s;
    image_s += merged.requests * merged.image_s;
    storage_s += merged.requests * merged.storage_s;
    redundancy_s += merged.requests * merged.redundancy_s;
  }
};

// Counts from here to the end of its scope.
class CountedWait {
 public:
  // `waits` null: nobody asks.
  CountedWait(sim::Engine& engine, Waits* waits, double Waits::*part)
      : engine_{engine}, waits_{waits}, part_{part}, began_{engine.now()} {}
  CountedWait(const CountedWait&) = delete;
  CountedWait& operator=(const CountedWait&) = delete;
  ~CountedWait() {
    if (waits_ != nullptr) waits_->*part_ += sim::seconds(engine_.now() - began_);
  }

 private:
  sim::Engine& engine_;
  Waits* waits_;
  double Waits::*part_;
  sim::Instant began_;
};

}  // namespace models::storage
