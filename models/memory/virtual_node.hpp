// A NUMA node that a guest sees: where the memory lies that its vCPUs use.
//
// A guest that knows its nodes gives each thread memory of the node that it runs on, so that most
// of what a thread uses lies where its own virtual node's memory lies, and the rest wherever the
// guest's memory does. A guest that sees one node hands out pages to all alike.
//
// Models  memory by first touch of the node's vCPUs, or bound to a node of the host (memnode).
// Omits   threads that the guest's own scheduler moves between its nodes.
// Source  libvirt domain XML (numa/cell, numatune/memnode); Linux mempolicy(7): local allocation.
// Checked tests/models/memory/virtual_node_test.cpp, tests/models/virtual_nodes_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/units.hpp"

namespace models::memory {

class VirtualNode {
 public:
  // `bound`: node of the host that holds its memory; -1: wherever it is touched.
  VirtualNode(int nodes, int bound) : bound_{bound}, touched_(static_cast<std::size_t>(nodes)) {}

  // Where memory is placed that a vCPU running on `node` touches.
  int place(int node) const { return bound_ >= 0 ? bound_ : node; }
  void touch(int node, sim::Bytes amount) {
    touched_[static_cast<std::size_t>(node)] += amount;
    all_ += amount;
  }
  // Its memory has been laid out anew with the rest of the guest's.
  void forget() {
    touched_.assign(touched_.size(), {});
    all_ = {};
  }
  // Shares of its vCPUs' accesses by node of the host: `own` of them to its memory, the others to
  // the `whole` guest's.
  std::vector<double> accesses(const std::vector<double>& whole, double own) const {
    std::vector<double> shares = whole;
    if (all_.count() == 0) return shares;
    for (std::size_t n = 0; n < shares.size(); ++n)
      shares[n] += own * (touched_[n] / all_ - whole[n]);
    return shares;
  }

 private:
  int bound_;
  std::vector<sim::Bytes> touched_;  // [node]
  sim::Bytes all_{};
};

}  // namespace models::memory
