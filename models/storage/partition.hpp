// A part of another block device, as a partition or a file without holes is one.
//
// Checked tests/models/storage/partition_test.cpp.
#pragma once

#include <fmt/format.h>

#include "models/storage/block_device.hpp"
#include "sim/error.hpp"

namespace models::storage {

class Partition final : public BlockDevice {
 public:
  // Throws ConfigError when the part reaches past the whole's end.
  Partition(BlockDevice& whole, sim::Bytes from, sim::Bytes size)
      : whole_{whole}, from_{from}, size_{size} {
    if (from.count() < 0 || size.count() <= 0 || from + size > whole.capacity()) {
      throw sim::ConfigError{fmt::format("a part of {} bytes from byte {} of a device of {} bytes",
                                         size.count(), from.count(), whole.capacity().count())};
    }
  }
  sim::Engine& engine() override { return whole_.engine(); }
  sim::Bytes capacity() const override { return size_; }
  sim::Task<> serve(Request request) override {
    request.offset += from_;
    return whole_.serve(request);
  }

 private:
  BlockDevice& whole_;
  sim::Bytes from_;
  sim::Bytes size_;
};

}  // namespace models::storage
