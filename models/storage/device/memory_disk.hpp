// A disk of memory, or none at all (brd, null_blk): a fixed time and a copy.
//
// Models  a time for each request, a copying rate, so many requests at once.
// Omits   the memory bus it shares with everything else; flushes are free.
// Checked tests/models/storage/device/memory_disk_test.cpp.
#pragma once

#include "models/storage/device/drive.hpp"
#include "sim/server.hpp"

namespace models::storage::device {

struct MemoryDiskConfig {
  sim::Duration service{1'000'000};  // 1 us
  sim::BytesPerSecond copy_rate{8e9};
  int parallel = 16;
};

class MemoryDisk final : public Drive {
 public:
  MemoryDisk(sim::Engine& engine, const MemoryDiskConfig& config, sim::Bytes capacity);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(Request request) override;

 private:
  sim::Engine& engine_;
  MemoryDiskConfig config_;
  sim::Bytes capacity_;
  sim::Server servers_;
};

}  // namespace models::storage::device
