#include "models/storage/device/memory_disk.hpp"

#include "sim/error.hpp"

namespace models::storage::device {
namespace {

void check(const MemoryDiskConfig& config) {
  sim::Complaints complaints;
  complaints.need(config.parallel >= 1, "a memory disk with parallel 0, needs at least 1");
  complaints.need(config.copy_rate.count() > 0, "a memory disk's copy_rate 0, needs more");
  complaints.raise();
}

}  // namespace

MemoryDisk::MemoryDisk(sim::Engine& engine, const MemoryDiskConfig& config, sim::Bytes capacity)
    : Drive{engine},
      engine_{engine},
      config_{(check(config), config)},
      capacity_{capacity},
      servers_{engine, config.parallel} {}

sim::Task<> MemoryDisk::serve(Request request) {
  const sim::Instant arrived = arrive();
  const bool moves = request.operation == Operation::read || request.operation == Operation::write;
  co_await servers_.serve(config_.service +
                          (moves ? request.size / config_.copy_rate : sim::Duration::zero()));
  complete(request, arrived);
}

}  // namespace models::storage::device
