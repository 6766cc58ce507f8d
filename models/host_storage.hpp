// The host's disks, arrays and volumes, and the parts of them that guests' disks lie on.
//
// Part of the composition root. Checked tests/models/host_storage_test.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/host_description.hpp"
#include "models/results.hpp"
#include "models/storage/block_device.hpp"
#include "models/storage/queue/queue.hpp"
#include "models/storage/raid/array.hpp"
#include "sim/engine.hpp"
#include "sim/error.hpp"

namespace models {

// What cannot be: names that are not there, disks in two arrays.
void check_storage(const HostDescription& host, sim::Complaints& complaints);
// What only shows when it is put together: arrays of too few disks, disks of guests that do not
// fit, images that cannot be, limits that contradict each other. Requires that check_storage()
// found nothing.
void check_storage_fits(const HostDescription& host, sim::Complaints& complaints);

class HostStorage {
 public:
  // Threads of the host's kernel, for arrays in software.
  class Threads {
   public:
    virtual ~Threads() = default;
    virtual storage::Thread& add(const std::string& name) = 0;
  };
  HostStorage(sim::Engine& engine, const HostDescription& description, Threads& threads);

  // The next part of the disk, array or volume `on`. `size` zero: an equal share of it for each VM
  // whose disk lies there.
  std::unique_ptr<storage::BlockDevice> part(const std::string& on, sim::Bytes size);

  void begin_measuring();
  // What arrays are, what they were asked and what they asked of their disks.
  void report(double measured_s, Results& results) const;

 private:
  struct NamedArray {
    const HostArray* description;
    int disks;  // spares included
    storage::raid::Array* array;
    storage::raid::Stats before{};
  };
  struct Place {
    storage::BlockDevice* device = nullptr;
    sim::Bytes handed_out{};
  };
  std::vector<Place*> places(const std::string& name);
  Place& add(const std::string& name, storage::BlockDevice& device);

  const HostDescription& description_;
  std::deque<std::unique_ptr<storage::BlockDevice>> devices_;
  std::deque<Place> all_;
  std::map<std::string, std::vector<Place*>> by_name_;
  std::map<std::string, std::size_t> next_;  // of several disks of a name
  std::vector<NamedArray> arrays_;
};

}  // namespace models
