// The host's disks as their owner states them, the arrays and volumes made of them, and the guests'
// disks, in libvirt's words, that lie on those.
#pragma once

#include <string>
#include <vector>

#include "models/storage/cache/description.hpp"
#include "models/storage/device/description.hpp"
#include "models/storage/file_system.hpp"
#include "models/storage/image/description.hpp"
#include "models/storage/queue/queue.hpp"
#include "models/storage/raid/description.hpp"
#include "models/storage/throttle.hpp"
#include "models/storage/volume/volume.hpp"
#include "sim/units.hpp"

namespace models {

// Alike disks: one is called by the name, several by it with a number behind, from 0.
struct HostDisk {
  std::string name;
  int count = 1;
  storage::device::Description device;
  std::string on;     // "<server>.<name>": a unit of a storage server instead; empty: the device
  sim::Bytes size{};  // of that unit
  storage::queue::QueueConfig queue = storage::queue::QueueConfig{};
  // PCI Express: the slot that the drive sits in itself, with its lanes and generation, or the card
  // (a host bus adapter) that it hangs on. Both empty: nothing but its interface is in its way.
  std::string slot;
  int lanes = 4;
  int generation = 3;
  std::string card;
};

struct HostArray {
  std::string name;
  std::vector<std::string> disks;  // names; that of several disks means all of them
  storage::raid::Description raid;
  std::string card;  // of PCI Express, that its controller is; empty: as of HostDisk
};

struct HostVolume {
  std::string name;
  std::vector<std::string> on;  // disks and arrays
  storage::volume::Description volume;
};

struct StorageDescription {
  std::vector<HostDisk> disks;
  std::vector<HostArray> arrays;
  std::vector<HostVolume> volumes;
};

enum class DiskBus { virtio_blk, virtio_scsi, sata, ide };
// native, io_uring: the loop submits; the host's page cache is always served by threads, QEMU's own
// or the kernel's, as calls block there.
enum class Aio { native, threads, io_uring };

struct DiskDescription {
  // A disk, array or volume of the host; of several disks guests take turns. "<server>.<name>": of
  // a storage server.
  std::string on;
  sim::Bytes size{};  // that the guest sees; zero: an equal share of what it lies on
  // Its size is `size`. A raw image whose space is all allocated adds nothing to the path.
  // Where the image's backing file lies: one of the same size and clusters, fully written, of which
  // the disk is an overlay. Empty: the image has none.
  std::string backing;
  storage::image::Description image = {.preallocation = storage::image::Preallocation::full};
  storage::cache::Description cache = {.mode = storage::cache::Mode::none};  // the host's
  storage::throttle::Description iotune;
  // The guest's own file system and page cache, for jobs that do not ask for O_DIRECT.
  bool formatted = false;
  storage::file_system::Description file_system;
  storage::cache::Description guest_cache = {.size = sim::Bytes{std::int64_t{1} << 30}};
  // The guest's I/O scheduler; noop: its requests go as they come.
  storage::queue::QueueConfig queue = {.depth = 128};
  DiskBus bus = DiskBus::virtio_blk;
  Aio aio = Aio::native;
  bool iothread = false;  // an event loop of its own; else the VM's one loop
};

}  // namespace models
