// Pieces of one request that are under way beside each other, at most eight (QCOW2_MAX_WORKERS).
#pragma once

#include "models/storage/image/qcow2.hpp"
#include "sim/join.hpp"

namespace models::storage::image {

struct Qcow2::Workers {
  static constexpr int kMost = 8;
  explicit Workers(sim::Engine& engine) : join{engine}, freed{engine} {}
  bool all_busy() const { return busy >= kMost; }
  void done() {
    --busy;
    freed.fire();
  }
  sim::Join join;
  sim::Signal freed;
  int busy = 0;
};

}  // namespace models::storage::image
