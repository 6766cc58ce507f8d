// Which CPUs each vCPU may use and which nodes a VM's memory may use, from its description.
#pragma once

#include <string>
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
// its own: VMs go to the emptiest node in turn, stay together while it has free cores, and go on
// to other nodes' before sibling threads; when all CPUs are taken it goes round again. Virtual
// nodes are placed one by one, as if each were a VM. A strict policy without nodes has memory on
// those of the vCPUs. Throws sim::ConfigError, one reason a line, for CPUs and nodes not there.
std::vector<VmPlace> place_vms(const std::vector<VmDescription>& vms,
                               const topology::Topology& topology);

// What is made of CPU sets that are not as many as the vCPUs; one set is for all. Empty: they are.
std::string unlike_sets(const VmDescription& vm);

}  // namespace models
