// How a guest comes up: what its kernel and its init do from the firmware's jump until it is ready.
//
// Source  Agache et al. NSDI 2020 and its data for what a minimal guest does; presets.
#pragma once

#include "models/guest/kernel_memory_profile.hpp"
#include "sim/units.hpp"

namespace models::workload {

struct BootProfile {
  sim::Bytes file{};               // of the kernel, which the VMM copies into the guest
  sim::Instructions decompress{};  // of the kernel by itself; a VMM that loads it unpacked: none
  sim::Instructions kernel{};      // from its entry to init, on the first vCPU
  int probes = 0;                  // accesses to devices that go to the VMM's process
  sim::Duration wait{};            // for timers and for what devices take, the CPU halted
  guest::KernelMemory kernel_memory;
  sim::Bytes memory{};            // that processes and page cache touch until it is ready
  sim::Bytes freed{};             // of other pages, touched and freed again on the way
  sim::Instructions init{};       // of processes until it is ready
  sim::Bytes read{};              // that these read from the VM's disk, anywhere
  sim::Bytes read_block{65'536};  // of one read, after read-ahead
  bool ends = false;              // init ends the VM; its time is up when the VMM has gone
  bool again = false;             // then it starts again
  sim::Duration between{};        // CPU time on the host from one end to the next start
  bool any() const { return kernel.count() > 0; }
};

}  // namespace models::workload
