// What cannot be about the network of a host.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/network_paths.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

void check_guest(const HostDescription& host, const VmDescription& vm, sim::Complaints& reasons) {
  const workload::NetProfile& net = vm.workload.net;
  const auto need = [&](bool holds, const std::string& text) {
    reasons.need(holds, fmt::format("vm.{}.nic: {}", vm.name, text));
  };
  need(!net.any() || !vm.nics.empty(), "the workload talks on the network, give the VM a NIC");
  if (vm.nics.empty()) return;
  need(vm.nics.size() == 1, fmt::format("{} NICs, one is simulated", vm.nics.size()));
  const GuestNicDescription& nic = vm.nics.front();
  const bool container = host.vmm.architecture == Architecture::container;
  const auto found = std::find_if(
      host.nics.begin(), host.nics.end(),
      [&](const NicDescription& own) { return nic.on.empty() || own.nic.name == nic.on; });
  std::string names;
  for (const NicDescription& own : host.nics) names += (names.empty() ? "" : ", ") + own.nic.name;
  need(found != host.nics.end(),
       host.nics.empty() ? "the host has no NIC; add a [[host.nic]] table"
                         : fmt::format("on: no NIC \"{}\", the host has {}", nic.on, names));
  need(nic.mode != NicMode::host || container,
       "mode: a guest has a kernel of its own, only a container uses the host's stack");
  const bool outside = net.any() && net.peer.empty() && net.partner == workload::Partner::outside;
  need(nic.mode != NicMode::isolated || !outside,
       "mode: an isolated network reaches nobody outside; set workload.net.partner to \"host\" or "
       "\"guest\"");
  need(nic.queues <= vm.vcpus,
       fmt::format("queues: {} for {} vCPUs, at most one each", nic.queues, vm.vcpus));
  need(!network::emulated(nic.model) || nic.queues == 1,
       fmt::format("queues: {} on an emulated device, which has 1", nic.queues));
  need(!nic.zero_copy || nic.model == network::GuestNicModel::vhost,
       "zero_copy: only vhost has it");
  need(net.partner != workload::Partner::guest || vm.count > 1,
       "workload.net.partner: the class has no other guest");
  const bool shares_stack =
      container && (nic.mode == NicMode::host || nic.mode == NicMode::automatic);
  need(net.partner != workload::Partner::guest || !shares_stack,
       "workload.net.partner: containers on the host's stack have no network between them");
}

}  // namespace

std::string network_complaints(const HostDescription& host) {
  sim::Complaints reasons;
  std::map<std::string, int> functions;
  for (const VmDescription& vm : host.vms) {
    check_guest(host, vm, reasons);
    for (const GuestNicDescription& nic : vm.nics) {
      if (nic.model != network::GuestNicModel::sriov || host.nics.empty()) continue;
      functions[nic.on.empty() ? host.nics.front().nic.name : nic.on] += vm.count;
    }
  }
  for (const NicDescription& nic : host.nics) {
    const int wanted = functions[nic.nic.name];
    reasons.need(wanted <= nic.nic.functions,
                 fmt::format("host.nic: {} has {} virtual functions, {} guests want one",
                             nic.nic.name, nic.nic.functions, wanted));
    reasons.need(nic.node < host.hardware.sockets * host.hardware.nodes_per_socket,
                 fmt::format("host.nic: {}: node {} of {}", nic.nic.name, nic.node,
                             host.hardware.sockets * host.hardware.nodes_per_socket));
  }
  return reasons.text();
}

}  // namespace models
