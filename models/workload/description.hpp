// What a guest does, as a preset states it: a compute profile, and how often it waits.
//
// Models  a closed loop per vCPU: compute a burst, then block (think time, or I/O whose time is
//         known), again; or an open queue of bursts at the VM; beside it jobs that use the VM's
//         disk (io_profile.hpp).
#pragma once

#include <string>
#include <vector>

#include "models/compute/profile.hpp"
#include "models/guest/sync_profile.hpp"
#include "models/memory/content_profile.hpp"
#include "models/memory/write_profile.hpp"
#include "models/translation/page_profile.hpp"
#include "models/vmm/address_space_profile.hpp"
#include "models/vmm/exit_profile.hpp"
#include "models/workload/boot_profile.hpp"
#include "models/workload/io_profile.hpp"
#include "models/workload/io_test.hpp"
#include "models/workload/net_profile.hpp"
#include "sim/units.hpp"

namespace models::workload {

enum class Distribution { fixed, exponential };
// Who wakes a blocked vCPU: a timer on the CPU it last ran on, or a device's completion, which
// arrives where the host handles the interrupt and the VM's emulator thread runs. deadline: the
// guest's own timer, for whose interrupt the vCPU loops instead of halting.
enum class WakeSource { timer, device, deadline };

struct Description {
  std::string name;
  std::string source;
  std::string metric = "work";  // what the real tool prints, for reports
  compute::Profile profile;
  translation::PageReferences pages;  // none: address translation costs nothing
  memory::ContentProfile content;     // what its memory holds
  memory::WriteProfile writes;        // none: pages are written as content says
  guest::SyncProfile sync;            // how its vCPUs wait for each other
  vmm::ExitProfile exits;  // that its instructions take in a guest, beside ticks and halts
  vmm::AddressSpaces address_spaces;  // how its kernel goes from process to process
  sim::Instructions unit{
      1'000'000'000};         // instructions of one unit of work (throughput counts these)
  sim::Instructions burst{};  // mean instructions between two blocks; 0: never blocks
  Distribution burst_distribution = Distribution::exponential;
  // Of bursts that are asked for at one VM from outside, whether or not it keeps up; zero: a vCPU
  // begins its next by itself, `block` after the last.
  sim::Hertz arrivals{};
  Distribution arrival_distribution = Distribution::exponential;
  sim::Duration block{};  // mean time blocked per burst
  Distribution block_distribution = Distribution::exponential;
  WakeSource wake = WakeSource::device;
  sim::Duration emulation{};  // host CPU time of the emulator thread per block
  // Bursts are no work, but what a guest does of itself now and then; or, without burst or block,
  // there are none: vCPUs run for their timers and for I/O only.
  bool idle = false;
  // Of a thread's accesses, to memory of the node it runs on, in a guest that sees several:
  // programs touch first what they use, on the thread that uses it; assumption.
  double numa_locality = 0.8;
  int tasks = 1;              // that a vCPU has to run: one may wait for a page while others run
  BootProfile boot;           // how it comes up; none: it is up when the run begins
  IoProfile io;               // what its jobs ask of its disk
  std::vector<IoTest> tests;  // beside them, of the disk
  NetProfile net;             // and of the network
  // First-touch filling: new guest memory is touched at this rate while running, until the VM's
  // memory share in use (`resident`) is filled; 0 rate: touched at start, where the vCPU starts.
  sim::Bytes resident{};
  sim::BytesPerSecond touch_rate{};

  bool loops() const { return !idle || (burst.count() > 0 && block > sim::Duration::zero()); }
  bool uses_disk() const { return io.any() || !tests.empty() || net.copies_file(); }
};

}  // namespace models::workload
