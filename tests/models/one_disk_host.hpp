// A host for tests of I/O: one socket of four cores at 1 GHz, a disk of memory that takes 100 us,
// one request at a time, and an idle guest of that disk.
#pragma once

#include <string>

#include "models/host.hpp"

namespace tests {

inline models::HostDescription one_disk_host(models::Architecture architecture,
                                             const std::string& vm_name) {
  using namespace sim::literals;
  models::HostDescription host;
  host.hardware.cores_per_node = 4;
  host.hardware.frequency = sim::Hertz{1e9};
  host.hardware.memory = 8_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 4, .latency = 10_ns};
  host.hardware.controller = {.channels = 2,
                              .channel_bandwidth = sim::BytesPerSecond{12.8e9},
                              .efficiency = 0.8,
                              .latency = 80_ns,
                              .queueing = {}};
  host.vmm.architecture = architecture;
  models::HostDisk& disk = host.storage.disks.emplace_back();
  disk.name = "sda";
  disk.device.kind = models::storage::device::Kind::memory;
  disk.device.memory.service = 100_us;
  disk.device.memory.copy_rate = sim::BytesPerSecond{1e15};
  disk.device.memory.parallel = 1;
  models::VmDescription& vm = host.vms.emplace_back();
  vm.name = vm_name;
  vm.memory = 1_GiB;
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  vm.disks.emplace_back().on = "sda";
  return host;
}

}  // namespace tests
