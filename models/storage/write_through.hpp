// Writes that are durable when they complete: QEMU's cache=writethrough and directsync take the
// disk's write cache from the guest, and end each of its writes with a flush of the whole image,
// metadata and data.
//
// Source  semantics.md 6.3 (qemu-options.hx); QEMU block/io.c: BDRV_REQ_FUA is a flush after the
//         write where the driver knows no better, and file-posix.c does not.
// Checked tests/models/storage/write_through_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"

namespace models::storage {

class WriteThrough final : public BlockDevice {
 public:
  explicit WriteThrough(BlockDevice& below) : below_{below} {}

  sim::Engine& engine() override { return below_.engine(); }
  sim::Bytes capacity() const override { return below_.capacity(); }
  sim::Task<> serve(Request request) override {
    const bool writes =
        request.operation == Operation::write || request.operation == Operation::write_zeroes;
    return writes ? write(request) : below_.serve(request);
  }

 private:
  sim::Task<> write(Request request) {
    co_await below_.serve(request);
    co_await below_.serve({.operation = Operation::flush,
                           .stream = request.stream,
                           .node = request.node,
                           .waits = request.waits});
  }

  BlockDevice& below_;
};

}  // namespace models::storage
