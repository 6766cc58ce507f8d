// The block layer's queue of a disk that has one: flushes share runs. Disks with a queue for each
// CPU flush for each.
//
// Source  block/blk-flush.c: a flush queue for each hardware queue.
// Checked tests/models/storage/round_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"
#include "models/storage/round.hpp"

namespace models::storage {

class SharedFlushes final : public BlockDevice {
 public:
  explicit SharedFlushes(BlockDevice& below) : below_{below}, flush_{below.engine()} {}

  sim::Engine& engine() override { return below_.engine(); }
  sim::Bytes capacity() const override { return below_.capacity(); }
  sim::Task<> serve(Request request) override {
    if (request.operation != Operation::flush) return below_.serve(request);
    return flush_.run([this, request] { return below_.serve(request); });
  }

 private:
  BlockDevice& below_;
  Round flush_;
};

}  // namespace models::storage
