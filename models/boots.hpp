// VMs that come up while the run goes on: VMM's process, firmware, kernel, init, until each is
// ready.
//
//   process    the VMM's process on a CPU of the host; host-wide locks; grace periods
//   firmware   the first vCPU; accesses to devices exit to the VMM's process
//   kernel     its work in steps: instructions, probes, first touches that fault, waits
//   init       processes and what they read from the VM's disk
//
// Models  all of it on the host's scheduled CPUs, disks and locks, so that VMs that come up at once
//         are in each other's way; faults that share the node's list of free pages; VMs whose init
//         ends them, with what the host does then; slots that start the next VM.
// Omits   secondary vCPUs before the guest is ready; what ended VMs' memory held (KSM, swap).
// Checked tests/models/boots_test.cpp; validation cases boot-*.
#pragma once

#include <string>
#include <vector>

#include "models/host_description.hpp"
#include "models/results.hpp"
#include "models/vmm/grace_periods.hpp"
#include "sim/histogram.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/server.hpp"
#include "sim/tally.hpp"

namespace models {

class RunningHost;

class Boots {
 public:
  Boots(RunningHost& host, const HostDescription& description);
  sim::Engine& engine();

  void begin_measuring();  // and with that the VMs that start later
  void report(Results& results) const;

 private:
  struct Times {  // of a class
    sim::Histogram whole;
    sim::Tally whole_s, process_s, firmware_s, kernel_s, init_s, end_s;
  };
  struct Step {  // of the kernel's or of init's work on the first vCPU
    double instructions = 0.0;
    double probes = 0.0;
    sim::Bytes touched{};
  };
  sim::Process start(int vm, sim::Duration at);
  sim::Process boot(int vm);
  sim::Task<> process(int vm);
  sim::Task<> guest(int vm, Times& times, sim::Random& random);
  sim::Task<> step(int vm, Step step);
  sim::Task<> end(int vm);
  sim::Task<> grace_periods(int number);
  void go_on(int vm);
  void fault(int vm, sim::Bytes touched);

  RunningHost& host_;
  const HostDescription& description_;
  vmm::GracePeriods rcu_;
  sim::Server start_lock_;
  std::vector<Times> times_;   // [class]
  std::vector<int> touching_;  // [node] guests that touch memory first
};

}  // namespace models
