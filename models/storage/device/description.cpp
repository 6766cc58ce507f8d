#include "models/storage/device/description.hpp"

#include "sim/error.hpp"

namespace models::storage::device {

std::unique_ptr<Drive> make_device(sim::Engine& engine, const Description& description,
                                   const std::string& name, HostWay* way) {
  if (description.capacity.count() < 512)
    throw sim::ConfigError{"a device smaller than a sector, needs a capacity"};
  switch (description.kind) {
    case Kind::hdd:
      return std::make_unique<Hdd>(engine, description.hdd, description.capacity);
    case Kind::flash:
      return std::make_unique<Flash>(engine, description.flash, description.capacity, name, way);
    case Kind::lun:
      return std::make_unique<Lun>(engine, description.lun, description.capacity);
    case Kind::memory:
      break;
  }
  return std::make_unique<MemoryDisk>(engine, description.memory, description.capacity);
}

}  // namespace models::storage::device
