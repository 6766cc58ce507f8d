#include "models/topology/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "sim/error.hpp"

namespace models::topology {
namespace {

constexpr int kMostCpus = 8192;  // x86 NR_CPUS of distribution kernels

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
  complaints.need(d.memory.count() > 0, "host.memory: need a size, e.g. \"64 GiB\"");
  complaints.need(d.llc.shared_by >= 1 &&
                      (d.cores_per_node * d.threads_per_core) % std::max(1, d.llc.shared_by) == 0,
                  fmt::format("host.llc.shared_by: {} does not divide the {} threads of a node",
                              d.llc.shared_by, d.cores_per_node * d.threads_per_core));
  complaints.need(d.controller.channels >= 1 && d.controller.channel_bandwidth.count() > 0,
                  "host.controller: need channels and channel_bandwidth, e.g. \"12.8 GB/s\"");
  complaints.need(d.controller.efficiency > 0 && d.controller.efficiency <= 1,
                  "host.controller.efficiency: need a share above 0, at most 1");
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

Topology::Topology(const Description& description) : description_{description} {
  sim::Complaints complaints;
  check_shape(description_, complaints);
  check_links(description_, complaints);
  complaints.raise();
  lay_out_cpus();
  lay_out_slices();
  lay_out_resources();
  find_routes();
}

void Topology::lay_out_cpus() {
  const Description& d = description_;
  const bool uniform = d.interconnect == Interconnect::front_side_bus;
  agents_ = d.sockets * d.nodes_per_socket;
  nodes_ = memories_ = uniform ? 1 : agents_;
  cores_ = agents_ * d.cores_per_node;
  const int threads_of_agent = d.cores_per_node * d.threads_per_core;
  const int llcs_of_agent = threads_of_agent / d.llc.shared_by;
  llcs_ = agents_ * llcs_of_agent;
  memory_of_node_ = d.memory / nodes_;
  cpus_.resize(static_cast<std::size_t>(cores_ * d.threads_per_core));
  node_cpus_.resize(static_cast<std::size_t>(nodes_));
  core_cpus_.resize(static_cast<std::size_t>(cores_));
  std::vector<std::tuple<int, int, int, int>> order;  // thread, core in node, agent, cpu
  for (int core = 0; core < cores_; ++core) {
    for (int thread = 0; thread < d.threads_per_core; ++thread) {
      const int index = d.cpu_numbering == CpuNumbering::siblings_adjacent
                            ? core * d.threads_per_core + thread
                            : thread * cores_ + core;
      const int agent = core / d.cores_per_node;
      const int local_core = core % d.cores_per_node;
      const int llc = agent * llcs_of_agent + (local_core * d.threads_per_core) / d.llc.shared_by;
      cpus_[static_cast<std::size_t>(index)] = {.core = core,
                                                .llc = llc,
                                                .node = uniform ? 0 : agent,
                                                .agent = agent,
                                                .socket = agent / d.nodes_per_socket};
      core_cpus_[static_cast<std::size_t>(core)].push_back(index);
      // Consecutive picks go to another LLC of the node before another core of the same LLC.
      const int cores_of_llc = std::max(1, d.cores_per_node / llcs_of_agent);
      const int turn = (local_core % cores_of_llc) * llcs_of_agent + local_core / cores_of_llc;
      order.emplace_back(thread, turn, agent, index);
    }
  }
  for (int index = 0; index < cpus(); ++index) {
    node_cpus_[static_cast<std::size_t>(cpu(index).node)].push_back(index);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [thread, turn, agent, index] : order) spread_order_.push_back(index);
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
  const double controller_Bps =
      d.controller.channels * d.controller.channel_bandwidth.count() * d.controller.efficiency;
  const double batch_B = 64.0 * d.controller.write_batch;
  const double write_cost = 1.0 + sim::seconds(d.controller.turnaround) *
                                      d.controller.channel_bandwidth.count() / batch_B;
  for (int memory = 0; memory < memories_; ++memory) {
    resources_.push_back({.name = fmt::format("node{}.controller", memory),
                          .kind = ResourceKind::controller,
                          .capacity_Bps = controller_Bps,
                          .write_cost = write_cost,
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

void Topology::find_routes() {
  const Description& d = description_;
  const double local_s = sim::seconds(d.controller.latency);
  routes_.resize(static_cast<std::size_t>(agents_ * memories_));
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
      auto at = static_cast<std::size_t>(memory);
      if (memory != agent && before[at] == at) {
        throw sim::ConfigError{
            fmt::format("host.link: no link leads from node {} to node {}", agent, memory)};
      }
      route.idle_latency_s = local_s + (memory == agent ? 0.0 : length_s[at]);
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
  const double ratio = route(node, other).idle_latency_s / route(node, node).idle_latency_s;
  return static_cast<int>(std::lround(10 * ratio));
}

}  // namespace models::topology
