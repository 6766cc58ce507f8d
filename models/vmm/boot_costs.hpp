// What the VMM and the host's kernel do to start a VM and to end it.
//
// Models  the VMM's process (loading, machine, devices), firmware, the copy of the kernel's file;
//         grace periods of RCU that creating and ending a VM wait for; host-wide locks (RTNL,
//         cgroups) of a start; nested page faults at first touch; giving memory back.
// Source  by key; presets.
#pragma once

#include "sim/units.hpp"

namespace models::vmm {

struct BootCosts {
  sim::Duration process{};     // CPU time of the VMM's process before the guest runs
  sim::Duration exclusive{};   // of a start, under locks that all starts of the host share
  sim::Cycles load_page{400};  // copying 4 KiB of the kernel's file into the guest [recall]
  bool unpacks = false;        // the kernel's file is loaded unpacked: vmlinux
  sim::Cycles firmware{};      // on the first vCPU
  int firmware_probes = 0;     // its accesses to devices that go to the VMM's process
  sim::Duration firmware_wait{};
  int start_grace_periods = 0;
  int end_grace_periods = 0;
  sim::Cycles release_page{200};  // of a guest that ends: unmapping, freeing [recall]
};

struct FaultCosts {
  sim::Cycles handle{3'500};    // memory slot, get_user_pages, allocation, cgroup, entries [recall]
  sim::Cycles clear_page{250};  // 4 KiB at 16 B a cycle [recall]
  sim::Cycles locked{60};       // of the node's list of free pages, a page: batches of 31 [recall]
};

}  // namespace models::vmm
