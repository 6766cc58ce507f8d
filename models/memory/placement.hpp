// Where a VM's memory is: pages go to nodes as the policy says when the guest first touches them.
//
// Models  first touch, strict (mbind), interleave, preferred; spill to other nodes when one is
//         full (Linux zone fallback: nearest first); refusal of what strict cannot hold.
// Omits   which pages move when (numa_space.hpp), reclaim, huge pages.
// Source  semantics.md section 9: libvirt numatune modes; Linux mempolicy(7).
// Checked tests/models/memory/placement_test.cpp.
#pragma once

#include <utility>
#include <vector>

#include "models/topology/topology.hpp"
#include "sim/units.hpp"

namespace models::memory {

enum class Policy { first_touch, strict, interleave, preferred };

// Free memory of each node, shared by all VMs of a host.
class NodeMemory {
 public:
  // `factor` times the nodes' memory: more than 1 where some of what is placed may be merged,
  // ballooned or swapped away.
  explicit NodeMemory(const topology::Topology& topology, double factor = 1.0);
  int nodes() const { return static_cast<int>(free_.size()); }
  sim::Bytes free(int node) const { return free_[static_cast<std::size_t>(node)]; }
  int emptiest() const;  // the node that has most left
  // Takes up to `amount` from `node`; returns what it could give.
  sim::Bytes take(int node, sim::Bytes amount);
  void give_back(int node, sim::Bytes amount) { free_[static_cast<std::size_t>(node)] += amount; }
  // All nodes, nearest to `node` first, itself leading.
  const std::vector<int>& fallback(int node) const {
    return fallback_[static_cast<std::size_t>(node)];
  }

 private:
  std::vector<sim::Bytes> free_;            // [node]
  std::vector<std::vector<int>> fallback_;  // [node]
};

// One VM's resident memory.
class Placement {
 public:
  // `nodes` is the policy's set; empty means all. `resident` is how much the guest ever touches.
  Placement(NodeMemory& host, Policy policy, std::vector<int> nodes, sim::Bytes resident);

  // The guest touches `amount` of memory new to it from a CPU of `node`. Returns what was placed;
  // less than asked when all is touched, or, under strict, when its nodes are full.
  sim::Bytes touch(sim::Bytes amount, int node);
  // Lays the touched memory out anew, as a VM that has been up long and has moved about left it:
  // share `kept` stays where it is, the rest lies evenly on `nodes`. Call release() on all VMs that
  // are laid out anew first, so that they compete for room as equals.
  void release();
  void lay_out(double kept, const std::vector<int>& nodes);
  // Moves touched memory; returns what there was room for.
  sim::Bytes move(int from, int to, sim::Bytes amount);
  sim::Bytes on(int node) const { return on_node_[static_cast<std::size_t>(node)]; }
  // Shares of accesses, where not all memory is used alike; until memory is touched or moved.
  void use(std::vector<double> shares) { shares_ = std::move(shares); }
  // The guest has ended: all of it is given back and untouched.
  void forget();
  sim::Bytes untouched() const { return resident_ - touched_; }
  // Share of accesses to each node, by touched memory; before the first touch, all on node 0.
  const std::vector<double>& shares() const { return shares_; }

 private:
  sim::Bytes place(sim::Bytes amount, int node);
  void count_shares();

  NodeMemory& host_;
  Policy policy_;
  std::vector<int> nodes_;
  sim::Bytes resident_{};
  sim::Bytes touched_{};
  std::vector<sim::Bytes> on_node_;  // [node]
  std::vector<double> shares_;       // [node]
};

}  // namespace models::memory
