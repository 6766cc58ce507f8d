// The host's disks and arrays, and the parts of them that guests' disks lie on.
//
// Part of the composition root. Checked tests/models/io_paths_test.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "models/host_description.hpp"
#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"

namespace models {

class HostStorage {
 public:
  HostStorage(sim::Engine& engine, const HostDescription& description);

  // A part of the disk or array `on`, next to those handed out before; `size` zero: as much as
  // there is for each VM that asks so. `name` is the asker's.
  std::unique_ptr<storage::BlockDevice> part(const std::string& on, sim::Bytes size,
                                             const std::string& name);

 private:
  struct Place {
    storage::BlockDevice* device = nullptr;
    sim::Bytes handed_out{};
    sim::Bytes equal_share{};
  };
  std::deque<std::unique_ptr<storage::BlockDevice>> devices_;
  std::map<std::string, Place> places_;  // by name
};

}  // namespace models
