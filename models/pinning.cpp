#include "models/pinning.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models {
namespace {

// Gives out CPUs node by node.
class CpuDealer {
 public:
  explicit CpuDealer(const topology::Topology& topology)
      : order_(at(topology.nodes())),
        threads_of_core_{at(topology.description().threads_per_core)} {
    for (const int cpu : topology.spread_order()) order_[at(topology.cpu(cpu).node)].push_back(cpu);
    taken_.assign(order_.size(), 0);
  }
  // `home` before others as empty.
  int emptiest_node(int home = 0) const {
    std::size_t best = at(home);
    for (std::size_t node = 0; node < order_.size(); ++node) {
      if (taken_[node] * order_[best].size() < taken_[best] * order_[node].size()) best = node;
    }
    return static_cast<int>(best);
  }
  // Counts a VM that uses `threads` of a node without owning CPUs there.
  void occupy(int node, std::size_t threads) { taken_[at(node)] += threads; }
  int next(int node) {
    const std::vector<int>& cpus = order_[at(node)];
    return cpus[taken_[at(node)]++ % cpus.size()];
  }
  // Its next CPU is a sibling of one that is taken, or taken itself.
  bool full(int node) const {
    const std::size_t cores = order_[at(node)].size() / threads_of_core_;
    return taken_[at(node)] > 0 && taken_[at(node)] % cores == 0;
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  std::vector<std::vector<int>> order_;  // [node], a thread of each core before their siblings
  std::vector<std::size_t> taken_;       // [node]
  std::size_t threads_of_core_ = 1;
};

void only_once(std::vector<int>& all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

std::string bad_cpus(const VmDescription& vm, int cpus) {
  for (std::size_t vcpu = 0; vcpu < vm.pin.cpus.size(); ++vcpu) {
    const auto& set = vm.pin.cpus[vcpu];
    for (const int cpu : set) {
      if (cpu < 0 || cpu >= cpus) {
        return fmt::format("vm.{}.pin[{}]: CPU {} is not there, the host has 0-{}", vm.name, vcpu,
                           cpu, cpus - 1);
      }
    }
    if (set.empty()) return fmt::format("vm.{}.pin[{}]: an empty CPU set", vm.name, vcpu);
  }
  for (const int cpu : vm.emulator_pin) {
    if (cpu < 0 || cpu >= cpus)
      return fmt::format("vm.{}.emulatorpin: CPU {} is not there, the host has 0-{}", vm.name, cpu,
                         cpus - 1);
  }
  return {};
}

std::string bad_nodes(const VmDescription& vm, int nodes) {
  for (const int node : vm.numa.nodes) {
    if (node < 0 || node >= nodes) {
      return fmt::format("vm.{}.numa: node {} is not there, the host has 0-{}", vm.name, node,
                         nodes - 1);
    }
  }
  return {};
}

std::string bad_virtual_nodes(const VmDescription& vm) {
  if (vm.virtual_nodes >= 1 && vm.vcpus % vm.virtual_nodes == 0) return {};
  return fmt::format("vm.{}.virtual_nodes: {} nodes for {} vCPUs, needs a number that divides them",
                     vm.name, vm.virtual_nodes, vm.vcpus);
}

// A CPU each for the vCPUs from `first` to `end`; returns the nodes that they are on. They go on to
// other nodes' cores before they take siblings: memory of another node takes longer, but a core
// that is shared is worth little more than half.
std::vector<int> pin_to_cores(const topology::Topology& topology, CpuDealer& dealer, VmPlace& place,
                              std::size_t first, std::size_t end) {
  const int home = dealer.emptiest_node();
  std::vector<int> nodes;
  int from = home;
  for (std::size_t i = first; i < end; ++i) {
    if (i > first && dealer.full(from)) from = dealer.emptiest_node(home);
    const int cpu = dealer.next(from);
    place.vcpu_cpus[i] = {cpu};
    nodes.push_back(topology.cpu(cpu).node);
  }
  only_once(nodes);
  return nodes;
}

// CPUs of the vCPUs from `first` to `end`, one virtual node's; returns the nodes that they are kept
// on, none: any.
std::vector<int> pin_vcpus(const VmDescription& vm, const topology::Topology& topology,
                           CpuDealer& dealer, VmPlace& place, std::size_t first, std::size_t end) {
  const auto part = [&](std::size_t i) -> std::vector<int>& { return place.vcpu_cpus[i]; };
  if (vm.pin.mode == PinMode::core) return pin_to_cores(topology, dealer, place, first, end);
  if (vm.pin.mode == PinMode::node) {
    const int node = dealer.emptiest_node();
    dealer.occupy(node, end - first);
    for (std::size_t i = first; i < end; ++i) part(i) = topology.cpus_of_node(node);
    const std::vector<int>& cpus = topology.cpus_of_node(node);
    place.emulator_cpus.insert(place.emulator_cpus.end(), cpus.begin(), cpus.end());
    return {node};
  }
  if (vm.pin.mode != PinMode::cpus || vm.pin.cpus.empty()) return {};
  for (std::size_t i = first; i < end; ++i) {
    part(i) = vm.pin.cpus[std::min(i, vm.pin.cpus.size() - 1)];
    std::sort(part(i).begin(), part(i).end());
  }
  return {topology.cpu(part(first).front()).node};
}

VmPlace place_vm(const VmDescription& vm, const topology::Topology& topology, CpuDealer& dealer) {
  VmPlace place;
  place.vcpu_cpus.resize(static_cast<std::size_t>(vm.vcpus));
  const auto virtual_nodes = static_cast<std::size_t>(vm.virtual_nodes);
  const std::size_t vcpus = place.vcpu_cpus.size() / virtual_nodes;
  const bool strict = vm.numa.mode == NumaMode::strict;
  const bool bound = strict || vm.numa.mode == NumaMode::preferred;
  place.nodes = vm.numa.nodes;
  for (std::size_t i = 0; i < virtual_nodes; ++i) {
    std::vector<int> nodes = pin_vcpus(vm, topology, dealer, place, i * vcpus, (i + 1) * vcpus);
    if (!vm.numa.nodes.empty()) nodes = {vm.numa.nodes[i % vm.numa.nodes.size()]};
    if (nodes.empty() && strict) {
      nodes = {dealer.emptiest_node()};
      dealer.occupy(nodes.front(), vcpus);
    }
    place.virtual_nodes.push_back(bound && nodes.size() == 1 ? nodes.front() : -1);
    if (strict && vm.numa.nodes.empty())
      place.nodes.insert(place.nodes.end(), nodes.begin(), nodes.end());
  }
  if (!vm.emulator_pin.empty()) place.emulator_cpus = vm.emulator_pin;
  only_once(place.emulator_cpus);
  if (vm.numa.nodes.empty()) only_once(place.nodes);
  return place;
}

}  // namespace

std::vector<VmPlace> place_vms(const std::vector<VmDescription>& vms,
                               const topology::Topology& topology) {
  std::string problems;
  for (const VmDescription& vm : vms) {
    for (const std::string& bad : {bad_cpus(vm, topology.cpus()),
                                   bad_nodes(vm, topology.memories()), bad_virtual_nodes(vm)}) {
      if (!bad.empty()) problems += (problems.empty() ? "" : "\n") + bad;
    }
  }
  if (!problems.empty()) throw sim::ConfigError{problems};
  CpuDealer dealer{topology};
  std::vector<VmPlace> places;
  for (const VmDescription& vm : vms) {
    for (int i = 0; i < vm.count; ++i) places.push_back(place_vm(vm, topology, dealer));
  }
  return places;
}

std::string unlike_sets(const VmDescription& vm) {
  const auto sets = static_cast<int>(vm.pin.cpus.size());
  if (vm.pin.mode != PinMode::cpus || sets <= 1 || sets == vm.vcpus) return {};
  return fmt::format(
      "vm.{}.pin: {} CPU sets for {} vCPUs: {}", vm.name, sets, vm.vcpus,
      sets > vm.vcpus ? "those beyond are left out" : "the last one is for all vCPUs beyond, too");
}

}  // namespace models
