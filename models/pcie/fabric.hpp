// The wired PCI Express of a host: which card sits where, at what width, and the way of its DMA.
//
//   card -> slot's lanes -> root complex of the slot's socket -> [links between nodes] -> memory
//        -> chipset's slot -> chipset -> DMI -> root complex ...
//
// Models  lanes and generation that card and slot agree on, packet overhead, one DMI that all of
//         the chipset's slots share, links between nodes for remote memory, misses of the IOMMU's
//         translations; every segment is a queue in each direction, in which cards take turns.
// Omits   switches, ordering rules, peer-to-peer, direct cache access, links' other traffic (what
//         CPUs send over them is not seen here).
// Source  link_rate.hpp; semantics.md 11.1. A transfer holds its segments side by side: packets of
//         256 bytes flow through, so it takes as long as on the slowest.
// Checked tests/models/pcie/fabric_test.cpp.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "models/pcie/arbiter.hpp"
#include "models/pcie/description.hpp"
#include "models/topology/topology.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"

namespace models::pcie {

enum class Direction { to_memory, from_memory };

// What is wrong with the placement of cards on a host of so many sockets, one reason a line; empty:
// nothing.
std::string complaints(const Description& description, int sockets);

class Fabric {
 public:
  // Throws sim::ConfigError naming every impossible placement, one a line.
  Fabric(sim::Engine& engine, const Description& description, const topology::Topology& topology);

  sim::Engine& engine() { return engine_; }
  int card(const std::string& name) const;  // throws sim::ConfigError for a card that is not there
  int cards() const { return static_cast<int>(seats_.size()); }
  const std::string& name(int card) const { return seats_[static_cast<std::size_t>(card)].card; }
  int node_of(int card) const;  // nearest
  int lanes(int card) const;    // trained
  int generation(int card) const;
  bool behind_chipset(int card) const;

  // Of a lone transfer to or from memory of `node`.
  sim::BytesPerSecond rate(int card, int node) const;
  sim::Duration latency(int card, int node) const;
  // Of that, what a card on lanes of the node's own socket does not have.
  sim::Duration detour(int card, int node) const;
  // What IOTLB misses add to a transfer by a device that uses `mapped` memory at random.
  sim::Duration translation(sim::Bytes amount, sim::Bytes mapped) const;

  // Waits for the lanes and holds them; latency() comes on top, but not between transfers.
  sim::Task<> transfer(int card, int node, Direction direction, sim::Bytes amount,
                       sim::Bytes mapped);
  void restart_stats();  // forgets a warm-up
  // Share of the time since then that a card's lanes, or DMI, were busy.
  double busy(int card, Direction direction) const;
  double dmi_busy(Direction direction) const;

 private:
  // A card's own lanes.
  struct Segment {
    Segment(sim::Engine& engine, sim::BytesPerSecond of) : rate{of}, in{engine}, out{engine} {}
    sim::Server& side(Direction direction) { return direction == Direction::to_memory ? in : out; }
    sim::BytesPerSecond rate;
    sim::Server in;  // towards memory
    sim::Server out;
  };
  // DMI.
  struct Shared {
    Shared(sim::Engine& engine, int cards, sim::BytesPerSecond of);
    Arbiter& side(Direction direction) { return direction == Direction::to_memory ? in : out; }
    sim::BytesPerSecond rate;
    Arbiter in;
    Arbiter out;
  };
  struct Seat {
    std::string card;
    int owner;
    int lanes;
    int generation;
  };
  int socket_of(int card) const;
  const std::vector<int>& links(int card, int node, Direction direction) const;
  static sim::Task<> hold(sim::Engine& engine, sim::Server& server, sim::Duration time);
  static sim::Task<> share(sim::Engine& engine, Arbiter& lanes, int card, sim::Duration time);

  sim::Engine& engine_;
  Description description_;
  const topology::Topology& topology_;
  std::vector<Seat> seats_;    // [card]
  std::deque<Segment> slots_;  // [card]
  Shared dmi_;
  std::deque<Arbiter> links_;  // [resource of the topology]
};

}  // namespace models::pcie
