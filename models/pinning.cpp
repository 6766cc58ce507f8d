#include "models/pinning.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models {
namespace {

// Gives out CPUs node by node.
class CpuDealer {
 public:
  explicit CpuDealer(const topology::Topology& topology) : order_(at(topology.nodes())) {
    for (const int cpu : topology.spread_order()) order_[at(topology.cpu(cpu).node)].push_back(cpu);
    taken_.assign(order_.size(), 0);
  }
  int emptiest_node() const {
    std::size_t best = 0;
    for (std::size_t node = 1; node < order_.size(); ++node) {
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
  // True when every CPU of the node is taken as often as it can be without doubling up.
  bool full(int node) const {
    const std::size_t cpus = order_[at(node)].size();
    return taken_[at(node)] > 0 && taken_[at(node)] % cpus == 0;
  }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  std::vector<std::vector<int>> order_;  // [node]
  std::vector<std::size_t> taken_;       // [node]
};

std::string bad_cpus(const VmDescription& vm, int cpus) {
  for (const auto& set : vm.pin.cpus) {
    for (const int cpu : set) {
      if (cpu < 0 || cpu >= cpus) {
        return fmt::format("vm.{}.pin: CPU {} is not there, the host has 0-{}", vm.name, cpu,
                           cpus - 1);
      }
    }
    if (set.empty()) return fmt::format("vm.{}.pin: an empty CPU set", vm.name);
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

VmPlace place_vm(const VmDescription& vm, const topology::Topology& topology, CpuDealer& dealer) {
  VmPlace place;
  place.vcpu_cpus.resize(static_cast<std::size_t>(vm.vcpus));
  int node = -1;
  if (vm.pin.mode == PinMode::core) {
    node = dealer.emptiest_node();
    int from = node;
    for (auto& cpus : place.vcpu_cpus) {
      cpus = {dealer.next(from)};
      if (dealer.full(from)) from = dealer.emptiest_node();
    }
  } else if (vm.pin.mode == PinMode::node) {
    node = dealer.emptiest_node();
    dealer.occupy(node, static_cast<std::size_t>(vm.vcpus));
    place.emulator_cpus = topology.cpus_of_node(node);
    for (auto& cpus : place.vcpu_cpus) cpus = place.emulator_cpus;
  } else if (vm.pin.mode == PinMode::cpus && !vm.pin.cpus.empty()) {
    for (std::size_t vcpu = 0; vcpu < place.vcpu_cpus.size(); ++vcpu) {
      place.vcpu_cpus[vcpu] = vm.pin.cpus[std::min(vcpu, vm.pin.cpus.size() - 1)];
      std::sort(place.vcpu_cpus[vcpu].begin(), place.vcpu_cpus[vcpu].end());
    }
    node = topology.cpu(place.vcpu_cpus.front().front()).node;
  }
  place.nodes = vm.numa.nodes;
  if (vm.numa.mode == NumaMode::strict && place.nodes.empty()) {
    if (node < 0) {
      node = dealer.emptiest_node();
      dealer.occupy(node, static_cast<std::size_t>(vm.vcpus));
    }
    place.nodes = {node};
  }
  return place;
}

}  // namespace

std::vector<VmPlace> place_vms(const std::vector<VmDescription>& vms,
                               const topology::Topology& topology) {
  std::string problems;
  for (const VmDescription& vm : vms) {
    for (const std::string& bad :
         {bad_cpus(vm, topology.cpus()), bad_nodes(vm, topology.nodes())}) {
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

}  // namespace models
