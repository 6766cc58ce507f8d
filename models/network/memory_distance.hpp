// What it takes a CPU that a packet's bytes lie elsewhere than in its own LLC.
//
//   a line in another node's LLC   the way there, beyond what a load from its own memory takes: a
//                                  modified line of a neighbour is in costs.hpp already
//   a line in memory               a load from there instead of a hit in the LLC
//   a copy                         16 lines at a time; headers and descriptors one by one
//
// Models  what a card's direct cache access leaves in the LLC of its own socket, and nowhere else.
// Omits   home directories of what a CPU wrote on another node than the line's, what copies do to
//         links and controllers, hosts without direct cache access (before Sandy Bridge-EP).
// Source  Intel Data Direct I/O primer (2012): only the socket that the card is on; 16 entries of
//         the queue of L2 misses, which the streamer fills (Intel Optimization Reference Manual,
//         Nehalem and on) [recall].
// Checked tests/models/network/memory_distance_test.cpp.
#pragma once

#include <vector>

#include "models/network/batch.hpp"
#include "models/topology/topology.hpp"
#include "sim/units.hpp"

namespace models::network {

class MemoryDistance {
 public:
  MemoryDistance() = default;  // of a machine whose nodes are not simulated: nothing is far
  // Not `costs`: where things are is known, and takes no time.
  explicit MemoryDistance(const topology::Topology& topology, bool costs = true);

  // Where a CPU that has written bytes leaves them, in memory of its own node or of `memory`.
  Where written_by(int cpu) const { return written_by(cpu, node_of(cpu)); }
  Where written_by(int cpu, int memory) const { return {memory, node_of(cpu)}; }
  // Where a card of `card`'s socket leaves them.
  Where delivered(int card, int memory) const;

  // What copying from there, or to memory of a node, adds for a CPU.
  sim::Duration copy_from(int cpu, Where from, sim::Bytes amount) const;
  sim::Duration copy_to(int cpu, int memory, sim::Bytes amount) const;
  // What looking at so many buffers adds: a header each, and four descriptors to a line.
  sim::Duration look(int cpu, Where at, int buffers) const;

 private:
  int node_of(int cpu) const {
    return topology_ == nullptr || cpu < 0 ? -1 : topology_->cpu(cpu).node;
  }
  double line_s(int node, Where where) const;

  const topology::Topology* topology_ = nullptr;
  std::vector<double> remote_s_;  // [node * memories + memory]: beyond a node's own
  double in_memory_s_ = 0.0;      // a line of a node's own memory, beyond its LLC
};

}  // namespace models::network
