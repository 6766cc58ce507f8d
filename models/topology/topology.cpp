#include "models/topology/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <tuple>

#include "sim/error.hpp"

namespace models::topology {
namespace {

constexpr int kMostCpus = 8192;  // x86 NR_CPUS of distribution kernels

// What is shared by a number of threads that does not fit was counted with SMT on, most likely.
const char* hint(const Description& d) {
  return d.threads_per_core > 1 ? "" : "; to switch SMT off, set host.smt = false";
}

void check_shape(const Description& d, sim::Complaints& complaints) {
  const auto positive = [&](const char* key, int value) {
    complaints.need(value >= 1, fmt::format("host.{}: got {}, need at least 1", key, value));
  };
  positive("sockets", d.sockets);
  positive("nodes_per_socket", d.nodes_per_socket);
  positive("cores_per_node", d.cores_per_node);
  positive("threads_per_core", d.threads_per_core);
  const double cpus =
      static_cast<double>(d.sockets) * d.nodes_per_socket * d.cores_per_node * d.threads_per_core;
  complaints.need(cpus <= kMostCpus,
                  fmt::format("host: {:.0f} CPUs, at most {} are supported", cpus, kMostCpus));
  complaints.need(d.frequency.count() > 0, "host.frequency: need a clock, e.g. \"2.4 GHz\"");
  complaints.need(
      d.governor == Governor::performance ||
          (d.lowest_frequency.count() > 0 && d.lowest_frequency.count() <= d.frequency.count()),
      "host.lowest_frequency: a governor that scales clocks needs one up to the nominal clock");
  complaints.need(all_memory(d).count() > 0, "host.memory: need a size, e.g. \"64 GiB\"");
  complaints.need(d.llc.shared_by >= 1 &&
                      (d.cores_per_node * d.threads_per_core) % std::max(1, d.llc.shared_by) == 0,
                  fmt::format("host.llc.shared_by: {} does not divide the {} threads of a node{}",
                              d.llc.shared_by, d.cores_per_node * d.threads_per_core, hint(d)));
  complaints.need(d.controller.channels >= 1 && d.controller.channel_bandwidth.count() > 0,
                  "host.controller: need channels and channel_bandwidth, e.g. \"12.8 GB/s\"");
  complaints.need(d.controller.efficiency > 0 && d.controller.efficiency <= 1,
                  "host.controller.efficiency: need a share above 0, at most 1");
}

void check_nodes(const Description& d, sim::Complaints& complaints) {
  const int nodes = d.sockets * d.nodes_per_socket;
  const auto each = [&](const char* key, std::size_t count) {
    complaints.need(count == 0 || static_cast<int>(count) == nodes,
                    fmt::format("host.{}: {} values for {} nodes with CPUs, need one for each", key,
                                count, nodes));
  };
  each("node_memory", d.node_memory.size());
  each("node_channels", d.node_channels.size());
  const Chiplet& die = d.chiplet;
  const int threads = d.cores_per_node * d.threads_per_core;
  if (die.shared_by > 0) {
    complaints.need(threads % die.shared_by == 0 && die.shared_by % d.threads_per_core == 0,
                    fmt::format("host.chiplet.shared_by: {} threads a die, need whole cores and a "
                                "divisor of the {} threads of a node{}",
                                die.shared_by, threads, hint(d)));
    complaints.need(die.read_bandwidth.count() > 0 && die.write_bandwidth.count() > 0,
                    "host.chiplet: need read_bandwidth and write_bandwidth, e.g. \"57.6 GB/s\" and "
                    "\"28.8 GB/s\"");
  }
  for (std::size_t i = 0; i < d.memory_nodes.size(); ++i) {
    const MemoryNode& node = d.memory_nodes[i];
    complaints.need(node.on >= 0 && node.on < nodes,
                    fmt::format("host.memory_node[{}].on: node {}, need one with CPUs, 0 to {}", i,
                                node.on, nodes - 1));
    complaints.need(
        node.memory.count() > 0 && node.bandwidth.count() > 0 &&
            node.latency >= d.controller.latency,
        fmt::format("host.memory_node[{}]: need memory, bandwidth and a latency that is "
                    "at least host.controller.latency",
                    i));
  }
  complaints.need(
      d.interconnect == Interconnect::point_to_point ||
          (die.shared_by == 0 && d.memory_nodes.empty() && d.node_memory.empty() &&
           d.node_channels.empty()),
      "host.interconnect: a front-side bus has one memory for all; chiplet, memory_node, "
      "node_memory and node_channels are of point-to-point hosts");
}

void check_links(const Description& d, sim::Complaints& complaints) {
  const int nodes = d.sockets * d.nodes_per_socket;
  for (std::size_t i = 0; i < d.links.size(); ++i) {
    const Link& link = d.links[i];
    complaints.need(link.from >= 0 && link.from < nodes && link.to >= 0 && link.to < nodes &&
                        link.from != link.to,
                    fmt::format("host.link[{}]: joins nodes {} and {}, need two different nodes of "
                                "0 to {}",
                                i, link.from, link.to, nodes - 1));
    complaints.need(link.bandwidth.count() > 0 && link.efficiency > 0 && link.efficiency <= 1,
                    fmt::format("host.link[{}]: need a bandwidth above 0 and an efficiency of 0 to "
                                "1",
                                i));
  }
  if (d.interconnect == Interconnect::front_side_bus) {
    complaints.need(d.fsb_bandwidth.count() > 0,
                    "host.fsb_bandwidth: a front-side bus needs one, e.g. \"10.67 GB/s\"");
  }
}

}  // namespace

sim::Bytes all_memory(const Description& d) {
  sim::Bytes all = d.node_memory.empty()
                       ? d.memory
                       : std::accumulate(d.node_memory.begin(), d.node_memory.end(), sim::Bytes{});
  for (const MemoryNode& node : d.memory_nodes) all += node.memory;
  return all;
}

Topology::Topology(const Description& description) : description_{description} {
  sim::Complaints complaints;
  check_shape(description_, complaints);
  check_nodes(description_, complaints);
  check_links(description_, complaints);
  complaints.raise();
  lay_out_cpus();
  lay_out_slices();
  lay_out_resources();
  add_ports();
  find_routes();
  add_ports_to_routes();
}

void Topology::lay_out_cpus() {
  const Description& d = description_;
  const bool uniform = d.interconnect == Interconnect::front_side_bus;
  const int parts = d.sockets * d.nodes_per_socket;
  const int threads_of_part = d.cores_per_node * d.threads_per_core;
  dies_ = d.chiplet.shared_by > 0 ? threads_of_part / d.chiplet.shared_by : 1;
  agents_ = parts * dies_;
  nodes_ = uniform ? 1 : parts;
  memories_ = nodes_ + static_cast<int>(d.memory_nodes.size());
  cores_ = parts * d.cores_per_node;
  const int llcs_of_part = threads_of_part / d.llc.shared_by;
  llcs_ = parts * llcs_of_part;
  memory_of_node_ = d.node_memory;
  memory_of_node_.resize(static_cast<std::size_t>(nodes_), d.memory / nodes_);
  for (const MemoryNode& node : d.memory_nodes) memory_of_node_.push_back(node.memory);
  cpus_.resize(static_cast<std::size_t>(cores_ * d.threads_per_core));
  node_cpus_.resize(static_cast<std::size_t>(nodes_));
  core_cpus_.resize(static_cast<std::size_t>(cores_));
  std::vector<std::tuple<int, int, int, int>> order;  // thread, core in part, part, cpu
  for (int core = 0; core < cores_; ++core) {
    for (int thread = 0; thread < d.threads_per_core; ++thread) {
      const int index = d.cpu_numbering == CpuNumbering::siblings_adjacent
                            ? core * d.threads_per_core + thread
                            : thread * cores_ + core;
      const int part = core / d.cores_per_node;
      const int local_core = core % d.cores_per_node;
      const int llc = part * llcs_of_part + (local_core * d.threads_per_core) / d.llc.shared_by;
      cpus_[static_cast<std::size_t>(index)] = {
          .core = core,
          .llc = llc,
          .node = uniform ? 0 : part,
          .agent = part * dies_ + local_core / (d.cores_per_node / dies_),
          .socket = part / d.nodes_per_socket};
      core_cpus_[static_cast<std::size_t>(core)].push_back(index);
      // Consecutive picks go to another LLC of the node before another core of the same LLC.
      const int cores_of_llc = std::max(1, d.cores_per_node / llcs_of_part);
      const int turn = (local_core % cores_of_llc) * llcs_of_part + local_core / cores_of_llc;
      order.emplace_back(thread, turn, part, index);
    }
  }
  for (int index = 0; index < cpus(); ++index) {
    node_cpus_[static_cast<std::size_t>(cpu(index).node)].push_back(index);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [thread, turn, part, index] : order) spread_order_.push_back(index);
}

void Topology::lay_out_slices() {
  const Description& d = description_;
  const int slices = std::max(1, d.llc.shared_by / d.threads_per_core);  // one a core
  const int stops = slices + d.ring.other_stops;
  const double hop_s = sim::seconds(d.ring.hop), beside_s = sim::seconds(d.llc.latency);
  for (const Cpu& cpu : cpus_) {
    const int own = cpu.core % slices;
    int farthest = 0, sum = 0;
    for (int slice = 0; slice < slices; ++slice) {
      const int one_way = std::abs(slice - own);
      const int away = std::min(one_way, stops - one_way);
      farthest = std::max(farthest, away);
      sum += away;
    }
    llc_latency_.push_back({.nearest_s = beside_s,
                            .mean_s = beside_s + hop_s * sum / slices,
                            .farthest_s = beside_s + hop_s * farthest});
  }
}

void Topology::lay_out_resources() {
  const Description& d = description_;
  const double channel_Bps = d.controller.channel_bandwidth.count() * d.controller.efficiency;
  const double batch_B = 64.0 * d.controller.write_batch;
  const double write_cost = 1.0 + sim::seconds(d.controller.turnaround) *
                                      d.controller.channel_bandwidth.count() / batch_B;
  for (int memory = 0; memory < memories_; ++memory) {
    const auto own = static_cast<std::size_t>(memory);
    const int channels =
        own < d.node_channels.size() ? d.node_channels[own] : d.controller.channels;
    const bool alone = memory >= nodes_;
    resources_.push_back(
        {.name = fmt::format("node{}.controller", memory),
         .kind = ResourceKind::controller,
         .capacity_Bps =
             alone ? d.memory_nodes[own - static_cast<std::size_t>(nodes_)].bandwidth.count()
                   : channels * channel_Bps,
         .write_cost = alone ? 1.0 : write_cost,
         .queueing = d.controller.queueing});
  }
  if (d.interconnect == Interconnect::front_side_bus) {
    for (int bus = 0; bus < agents_; ++bus) {
      resources_.push_back({.name = fmt::format("bus{}", bus),
                            .kind = ResourceKind::link,
                            .capacity_Bps = d.fsb_bandwidth.count() * d.fsb_efficiency,
                            .write_cost = 1.0,
                            .queueing = d.fsb_queueing});
    }
    return;
  }
  for (const Link& link : d.links) {
    for (const auto& [from, to] : {std::pair{link.from, link.to}, std::pair{link.to, link.from}}) {
      resources_.push_back({.name = fmt::format("link{}-{}", from, to),
                            .kind = ResourceKind::link,
                            .capacity_Bps = link.bandwidth.count() * link.efficiency,
                            .write_cost = 1.0,
                            .queueing = d.link_queueing});
    }
  }
}

// After all links: reads and writes of each compute die.
void Topology::add_ports() {
  const Chiplet& die = description_.chiplet;
  if (die.shared_by == 0) return;
  for (int agent = 0; agent < agents_; ++agent) {
    for (const bool read : {true, false}) {
      resources_.push_back({.name = fmt::format("die{}.{}", agent, read ? "reads" : "writes"),
                            .kind = ResourceKind::link,
                            .capacity_Bps = read ? die.read_bandwidth.count() * die.efficiency
                                                 : die.write_bandwidth.count(),
                            .write_cost = 1.0,
                            .queueing = description_.link_queueing});
    }
  }
}

void Topology::add_ports_to_routes() {
  if (description_.chiplet.shared_by == 0) return;
  node_routes_ = std::move(routes_);
  routes_.clear();
  int port = static_cast<int>(resources_.size()) - 2 * agents_;
  for (int agent = 0; agent < agents_; ++agent, port += 2) {
    for (int memory = 0; memory < memories_; ++memory) {
      Route route = node_routes_[static_cast<std::size_t>(agent / dies_ * memories_ + memory)];
      route.reads.push_back(port);
      route.writes.push_back(port + 1);
      route.port = port + 1;
      routes_.push_back(std::move(route));
    }
  }
}

// Of nodes; of bus segments on a front-side bus.
void Topology::find_routes() {
  const Description& d = description_;
  const double local_s = sim::seconds(d.controller.latency);
  routes_.resize(static_cast<std::size_t>(agents_ / dies_ * memories_));
  if (d.interconnect == Interconnect::front_side_bus) {
    for (int agent = 0; agent < agents_; ++agent) {
      Route& to_hub = routes_[static_cast<std::size_t>(agent)];
      to_hub.idle_latency_s = local_s;
      to_hub.reads = to_hub.writes = {memories_ + agent, 0};
    }
    return;
  }
  using Weight = boost::property<boost::edge_weight_t, double>;
  using LinkIndex = boost::property<boost::edge_index_t, int, Weight>;
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS,
                                      boost::no_property, LinkIndex>;
  Graph graph(static_cast<std::size_t>(nodes_));
  std::vector<std::pair<int, int>> ends;  // [resource - memories]: from, to
  for (const Link& link : d.links) {
    for (const auto& [from, to] : {std::pair{link.from, link.to}, std::pair{link.to, link.from}}) {
      // A crossing without latency would tie routes of any length; a femtosecond orders them.
      const double weight_s = sim::seconds(link.latency) + 1e-15;
      boost::add_edge(static_cast<std::size_t>(from), static_cast<std::size_t>(to),
                      LinkIndex{memories_ + static_cast<int>(ends.size()), Weight{weight_s}},
                      graph);
      ends.emplace_back(from, to);
    }
  }
  for (int agent = 0; agent < nodes_; ++agent) {
    std::vector<std::size_t> before(static_cast<std::size_t>(nodes_));
    std::vector<double> length_s(static_cast<std::size_t>(nodes_));
    boost::dijkstra_shortest_paths(
        graph, static_cast<std::size_t>(agent),
        boost::predecessor_map(before.data()).distance_map(length_s.data()));
    for (int memory = 0; memory < memories_; ++memory) {
      Route& route = routes_[static_cast<std::size_t>(agent * memories_ + memory)];
      route.reads = route.writes = {memory};
      // Memory without CPUs is reached by way of the node that it hangs on.
      const MemoryNode* alone =
          memory < nodes_ ? nullptr : &d.memory_nodes[static_cast<std::size_t>(memory - nodes_)];
      const int node = alone == nullptr ? memory : alone->on;
      auto at = static_cast<std::size_t>(node);
      if (node != agent && before[at] == at) {
        const char* tip = d.nodes_per_socket > 1 ? "; node_link joins those of a socket" : "";
        throw sim::ConfigError{
            fmt::format("host.link: no link leads from node {} to node {}{}", agent, node, tip)};
      }
      route.idle_latency_s = (alone == nullptr ? local_s : sim::seconds(alone->latency)) +
                             (node == agent ? 0.0 : length_s[at]);
      for (; at != static_cast<std::size_t>(agent); at = before[at]) {
        const auto from = static_cast<int>(before[at]);
        const auto to = static_cast<int>(at);
        const auto out = std::find(ends.begin(), ends.end(), std::pair{from, to}) - ends.begin();
        const auto home = std::find(ends.begin(), ends.end(), std::pair{to, from}) - ends.begin();
        route.writes.push_back(memories_ + static_cast<int>(out));
        route.reads.push_back(memories_ + static_cast<int>(home));
      }
    }
  }
}

int Topology::distance(int node, int other) const {
  if (node == other || memories_ == 1) return 10;
  const double local_s = sim::seconds(description_.controller.latency);
  // From one without CPUs, as to it.
  const Route& way = node < nodes_    ? route_of_node(node, other)
                     : other < nodes_ ? route_of_node(other, node)
                                      : route_of_node(0, std::max(node, other));
  if (local_s <= 0.0) return 20;
  return static_cast<int>(std::lround(10 * way.idle_latency_s / local_s));
}

}  // namespace models::topology
