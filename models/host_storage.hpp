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

class PcieCards;

// What cannot be: names that are not there, disks in two arrays.
void check_storage(const HostDescription& host, sim::Complaints& complaints);

// Whose a guest's disk is, the same on whichever host it runs: "vm.guest.0.disk0".
std::string disk_owner(const VmDescription& vm, int member, int disk);

class HostStorage {
 public:
  // Threads of the host's kernel, for arrays in software.
  class Threads {
   public:
    virtual ~Threads() = default;
    virtual storage::Thread& add(const std::string& name) = 0;
  };
  // Storage servers outside the box, as the host reaches them.
  class Remote {
   public:
    virtual ~Remote() = default;
    // The same part for the same owner, whoever opens it; `size` as of part().
    virtual std::unique_ptr<storage::BlockDevice> open(const std::string& on, sim::Bytes size,
                                                       const std::string& owner,
                                                       Threads& threads) = 0;
  };
  // `cards` null: drives and controllers sit in no slot; `remote` null: the host reaches no server.
  HostStorage(sim::Engine& engine, const HostDescription& description, Threads& threads,
              PcieCards* cards = nullptr, Remote* remote = nullptr);

  // The next part of the disk, array or volume `on`. `size` zero: an equal share of it for each VM
  // whose disk lies there. `owner`: whose it is, "vm.guest.0.disk0".
  std::unique_ptr<storage::BlockDevice> part(const std::string& on, sim::Bytes size,
                                             const std::string& owner);

  void begin_measuring();
  // What disks were asked; what arrays are, what they were asked and what they asked of their
  // disks.
  void report(double measured_s, Results& results) const;

 private:
  struct NamedDrives {  // alike
    const HostDisk* description;
    std::vector<storage::device::Drive*> drives;
  };
  struct NamedArray {
    const HostArray* description;
    int disks;          // spares included
    sim::Bytes active;  // of its disks but spares
    storage::raid::Array* array;
    storage::raid::Stats before{};
    storage::Backlog backlog_before{};
  };
  struct Place {
    storage::BlockDevice* device = nullptr;
    sim::Bytes handed_out{};
  };
  std::vector<Place*> places(const std::string& name);
  Place& add(const std::string& name, storage::BlockDevice& device);
  void report(const NamedDrives& alike, double measured_s, Results& results) const;
  storage::BlockDevice& forwarded(storage::BlockDevice& device, storage::device::HostWay* way);

  sim::Engine& engine_;
  const HostDescription& description_;
  Threads& threads_;
  Remote* remote_;
  std::deque<std::unique_ptr<storage::BlockDevice>> devices_;
  std::deque<Place> all_;
  std::map<std::string, std::vector<Place*>> by_name_;
  std::map<std::string, std::size_t> next_;  // of several disks of a name
  std::vector<NamedDrives> drives_;
  std::vector<NamedArray> arrays_;
};

// What only shows when it is put together: arrays of too few disks, disks of guests that do not
// fit, images that cannot be, limits that contradict each other. Requires that check_storage()
// found nothing.
void check_storage_fits(const HostDescription& host, HostStorage::Remote& remote,
                        sim::Complaints& complaints);

}  // namespace models
