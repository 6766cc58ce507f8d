#include "models/network/memory_distance.hpp"

#include <algorithm>

namespace models::network {
namespace {

constexpr double kLine_B = 64.0;
constexpr double kLinesAtOnce = 16.0;
constexpr int kDescriptors = 4;  // of a line: 16 bytes each, of NICs and of virtio

}  // namespace

MemoryDistance::MemoryDistance(const topology::Topology& topology, bool costs)
    : topology_{&topology} {
  const auto costing = [&](double more_s) { return costs ? std::max(0.0, more_s) : 0.0; };
  for (int node = 0; node < topology.nodes(); ++node) {
    const int own = std::min(node, topology.memories() - 1);
    const double own_s = topology.route_of_node(node, own).idle_latency_s;
    for (int memory = 0; memory < topology.memories(); ++memory) {
      const double there_s = topology.route_of_node(node, memory).idle_latency_s;
      remote_s_.push_back(costing(there_s - own_s));
    }
  }
  const double own_s = topology.route_of_node(0, 0).idle_latency_s;
  in_memory_s_ = costing(own_s - topology.llc_latency(0).mean_s);
}

Where MemoryDistance::delivered(int card, int memory) const {
  if (topology_ == nullptr) return {};
  const int per_socket = std::max(1, topology_->nodes() / topology_->sockets());
  const bool cached = card / per_socket == memory / per_socket;
  return {.memory = memory, .cache = cached ? memory : -1};
}

// Beyond a hit in its own LLC.
double MemoryDistance::line_s(int node, Where where) const {
  const auto remote_s = [&](int memory) {
    const int there = std::min(memory, topology_->memories() - 1);
    return remote_s_[static_cast<std::size_t>(node * topology_->memories() + there)];
  };
  if (node < 0) return 0.0;
  if (where.cache >= 0) return remote_s(where.cache);
  return where.memory >= 0 ? in_memory_s_ + remote_s(where.memory) : 0.0;
}

sim::Duration MemoryDistance::copy_from(int cpu, Where from, sim::Bytes amount) const {
  const double lines = static_cast<double>(amount.count()) / kLine_B;
  return sim::from_seconds(line_s(node_of(cpu), from) * lines / kLinesAtOnce);
}

sim::Duration MemoryDistance::copy_to(int cpu, int memory, sim::Bytes amount) const {
  return copy_from(cpu, {.memory = memory, .cache = memory}, amount);
}

sim::Duration MemoryDistance::look(int cpu, Where at, int buffers) const {
  const int lines = buffers + (buffers + kDescriptors - 1) / kDescriptors;
  return sim::from_seconds(line_s(node_of(cpu), at) * lines);
}

}  // namespace models::network
