// A device as a scenario describes it, and the way from there to one that works.
#pragma once

#include <memory>
#include <string>

#include "models/storage/block_device.hpp"
#include "models/storage/device/flash.hpp"
#include "models/storage/device/hdd.hpp"
#include "models/storage/device/lun.hpp"
#include "models/storage/device/memory_disk.hpp"

namespace models::storage::device {

enum class Kind { hdd, flash, lun, memory };

struct Description {
  std::string name = "disk";
  std::string source{};
  Kind kind = Kind::memory;
  sim::Bytes capacity{std::int64_t{1} << 40};
  // Of these, the kind's is used.
  HddConfig hdd{};
  FlashConfig flash{};
  LunConfig lun{};
  MemoryDiskConfig memory{};
};

// Throws ConfigError for what cannot be. `name` names its random streams; of a drive that sends its
// data into memory itself (flash), `way` is the way there; null: nothing else is in it.
std::unique_ptr<Drive> make_device(sim::Engine& engine, const Description& description,
                                   const std::string& name, HostWay* way = nullptr);

}  // namespace models::storage::device
