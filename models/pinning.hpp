// Which CPUs each vCPU may use and which nodes a VM's memory may use, from its description.
#pragma once

#include <vector>

#include "models/host_description.hpp"
#include "models/topology/topology.hpp"

namespace models {

struct VmPlace {
  std::vector<std::vector<int>> vcpu_cpus;  // [vcpu], ascending; empty: every CPU
  std::vector<int> emulator_cpus;           // of the VM's emulator thread; empty: every CPU
  std::vector<int> nodes;                   // of its memory policy; empty: all
  std::vector<int> virtual_nodes;           // node of the host that each is bound to; -1: none
};

// One place per VM, classes in order, members of a class in order. `core` gives each vCPU a CPU of
// its own: VMs go to the emptiest node in turn, their vCPUs stay together there, cores before
// sibling threads; when all CPUs are taken it goes round again. Throws sim::ConfigError, one reason
// a line, for CPUs and nodes that are not there. Virtual nodes of a VM are placed one by one, as if
// each were a VM.
std::vector<VmPlace> place_vms(const std::vector<VmDescription>& vms,
                               const topology::Topology& topology);

}  // namespace models
