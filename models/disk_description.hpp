// A guest's disk as libvirt words it: what it lies on, the bus, the thread that serves it.
#pragma once

#include <string>

#include "sim/units.hpp"

namespace models {

enum class DiskBus { virtio_blk, virtio_scsi, sata, ide };
enum class Aio { native, threads, io_uring };

struct DiskDescription {
  std::string on;     // name of a disk, array or volume of the host
  sim::Bytes size{};  // that the guest sees; zero: the VM's share of what it lies on
  DiskBus bus = DiskBus::virtio_blk;
  Aio aio = Aio::native;
  bool iothread = false;  // an event loop of its own; else the VM's one loop
};

}  // namespace models
