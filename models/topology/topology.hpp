// A wired host: CPUs in cores, LLCs and nodes, and the route from each to each memory.
//
// Models  sockets, dies, SMT; point-to-point links (multi-hop, shortest by latency) or one
//         front-side bus segment a node and a single memory controller hub; ports of compute dies;
//         memory without CPUs; slices of an LLC on a ring.
// Omits   adaptive routing, snoop and probe traffic (in a link's efficiency), PCIe.
// Source  Boost.Graph's Dijkstra for routes.
// Checked tests/models/topology.
//
// Shapes: agent = what sends requests over a route of its own: a node, a compute die of one, or on
// a front-side bus host one bus segment. memory = where pages live: a node with CPUs, after those
// one without, or the one hub.
#pragma once

#include <string>
#include <vector>

#include "models/topology/description.hpp"

namespace models::topology {

struct Cpu {
  int core = 0;   // dense over the host
  int llc = 0;    // dense over the host
  int node = 0;   // NUMA node as the operating system sees it
  int agent = 0;  // source of memory traffic
  int socket = 0;
};

// Load-to-use time of a hit in a CPU's LLC, by where the line's slice lies.
struct LlcLatency {
  double nearest_s = 0.0;
  double mean_s = 0.0;  // lines spread over all slices alike
  double farthest_s = 0.0;
};

enum class ResourceKind { controller, link };

// Something of finite bandwidth on the way to memory.
struct Resource {
  std::string name;  // "node0.controller", "link0-1" (directed), "bus0"
  ResourceKind kind = ResourceKind::controller;
  double capacity_Bps = 0.0;  // achievable, per direction
  double write_cost = 1.0;    // of a written byte, in read ones
  Queueing queueing;
};

struct Route {
  double idle_latency_s = 0.0;  // load-to-use
  std::vector<int> reads;       // resources that a read line crosses: links home, controller
  std::vector<int> writes;      // resources that a written line crosses
  int port = -1;                // among those of writes, that of the compute die; -1: none
};

// Of all nodes, with CPUs and without.
sim::Bytes all_memory(const Description& description);

class Topology {
 public:
  // Throws sim::ConfigError naming every impossible figure, one a line.
  explicit Topology(const Description& description);

  const Description& description() const { return description_; }
  int cpus() const { return static_cast<int>(cpus_.size()); }
  int cores() const { return cores_; }
  int llcs() const { return llcs_; }
  int sockets() const { return description_.sockets; }
  int nodes() const { return nodes_; }        // NUMA nodes of the operating system that have CPUs
  int memories() const { return memories_; }  // all its NUMA nodes
  int agents() const { return agents_; }
  const Cpu& cpu(int index) const { return cpus_[static_cast<std::size_t>(index)]; }
  const LlcLatency& llc_latency(int cpu) const {
    return llc_latency_[static_cast<std::size_t>(cpu)];
  }
  const std::vector<int>& cpus_of_node(int node) const {
    return node_cpus_[static_cast<std::size_t>(node)];
  }
  const std::vector<int>& cpus_of_core(int core) const {
    return core_cpus_[static_cast<std::size_t>(core)];
  }
  sim::Bytes memory_of_node(int memory) const {
    return memory_of_node_[static_cast<std::size_t>(memory)];
  }
  const std::vector<Resource>& resources() const { return resources_; }
  const Route& route(int agent, int memory) const {
    return routes_[static_cast<std::size_t>(agent * memories_ + memory)];
  }
  // Without the port of a compute die: what devices and other nodes see.
  const Route& route_of_node(int node, int memory) const {
    return dies_ == 1 ? route(node, memory)
                      : node_routes_[static_cast<std::size_t>(node * memories_ + memory)];
  }
  // ACPI SLIT style: 10 for local, in proportion to idle latency.
  int distance(int node, int other) const;
  // CPUs in the order in which an even spread fills them: nodes in turn, then LLCs, then cores,
  // sibling threads last.
  const std::vector<int>& spread_order() const { return spread_order_; }

 private:
  void lay_out_cpus();
  void lay_out_slices();
  void lay_out_resources();
  void add_ports();
  void find_routes();
  void add_ports_to_routes();

  Description description_;
  int cores_ = 0, llcs_ = 0, nodes_ = 0, memories_ = 0, agents_ = 0;
  int dies_ = 1;                            // with a port each, of a node
  std::vector<sim::Bytes> memory_of_node_;  // [memory]
  std::vector<Cpu> cpus_;
  std::vector<LlcLatency> llc_latency_;  // [cpu]
  std::vector<std::vector<int>> node_cpus_, core_cpus_;
  std::vector<Resource> resources_;
  std::vector<Route> routes_, node_routes_;  // [agent][memory], [node][memory]
  std::vector<int> spread_order_;
};

}  // namespace models::topology
