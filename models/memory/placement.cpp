#include "models/memory/placement.hpp"

#include <algorithm>
#include <numeric>

namespace models::memory {

NodeMemory::NodeMemory(const topology::Topology& topology, double factor) {
  for (int node = 0; node < topology.memories(); ++node) {
    free_.push_back(sim::Bytes{static_cast<std::int64_t>(
        static_cast<double>(topology.memory_of_node(node).count()) * factor)});
  }
  for (int node = 0; node < topology.memories(); ++node) {
    std::vector<int> order(free_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return topology.distance(node, a) < topology.distance(node, b);
    });
    fallback_.push_back(std::move(order));
  }
}

int NodeMemory::emptiest() const {
  return static_cast<int>(std::max_element(free_.begin(), free_.end()) - free_.begin());
}

sim::Bytes NodeMemory::take(int node, sim::Bytes amount) {
  sim::Bytes& free = free_[static_cast<std::size_t>(node)];
  const sim::Bytes taken = std::min(free, amount);
  free -= taken;
  return taken;
}

Placement::Placement(NodeMemory& host, Policy policy, std::vector<int> nodes, sim::Bytes resident)
    : host_{host},
      policy_{policy},
      nodes_{std::move(nodes)},
      resident_{resident},
      on_node_(static_cast<std::size_t>(host.nodes())),
      shares_(static_cast<std::size_t>(host.nodes()), 0.0) {
  if (nodes_.empty()) {
    nodes_.resize(on_node_.size());
    std::iota(nodes_.begin(), nodes_.end(), 0);
  }
  shares_[0] = 1.0;
}

sim::Bytes Placement::place(sim::Bytes amount, int node) {
  const sim::Bytes taken = host_.take(node, amount);
  on_node_[static_cast<std::size_t>(node)] += taken;
  return taken;
}

sim::Bytes Placement::touch(sim::Bytes amount, int node) {
  sim::Bytes left = std::min(amount, untouched());
  const sim::Bytes wanted = left;
  if (policy_ == Policy::interleave) {
    const auto parts = static_cast<std::int64_t>(nodes_.size());
    const sim::Bytes part = left / parts;
    for (const int target : nodes_) left -= place(part, target);
  }
  const bool to_set = policy_ == Policy::strict || policy_ == Policy::preferred;
  const bool touching_in_set = std::find(nodes_.begin(), nodes_.end(), node) != nodes_.end();
  const int first = to_set && !touching_in_set ? nodes_.front() : node;
  for (const int target : host_.fallback(first)) {
    if (left.count() == 0) break;
    if (policy_ == Policy::strict &&
        std::find(nodes_.begin(), nodes_.end(), target) == nodes_.end()) {
      continue;
    }
    left -= place(left, target);
  }
  const sim::Bytes placed = wanted - left;
  touched_ += placed;
  count_shares();
  return placed;
}

void Placement::count_shares() {
  if (touched_.count() == 0) return;
  for (std::size_t n = 0; n < shares_.size(); ++n) shares_[n] = on_node_[n] / touched_;
}

sim::Bytes Placement::move(int from, int to, sim::Bytes amount) {
  sim::Bytes& source = on_node_[static_cast<std::size_t>(from)];
  const sim::Bytes moved = place(std::min(amount, source), to);
  source -= moved;
  host_.give_back(from, moved);
  count_shares();
  return moved;
}

void Placement::release() {
  for (int node = 0; node < host_.nodes(); ++node) {
    host_.give_back(node, on_node_[static_cast<std::size_t>(node)]);
    on_node_[static_cast<std::size_t>(node)] = {};
  }
}

void Placement::forget() {
  release();
  touched_ = {};
}

void Placement::lay_out(double kept, const std::vector<int>& nodes) {
  sim::Bytes left = touched_;
  const auto put = [&](double share, int node) {
    const auto wanted = static_cast<std::int64_t>(share * static_cast<double>(touched_.count()));
    left -= place(std::min(left, sim::Bytes{wanted}), node);
  };
  for (int node = 0; node < host_.nodes(); ++node) {
    put(kept * shares_[static_cast<std::size_t>(node)], node);
  }
  for (const int node : nodes) put((1.0 - kept) / static_cast<double>(nodes.size()), node);
  // Rounding, and what found its node full, goes to the nearest room.
  for (const int node : host_.fallback(nodes.front())) left -= place(left, node);
  count_shares();
}

}  // namespace models::memory
