#include "models/topology/topology.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace sim::literals;
using namespace models::topology;

namespace {

// Four nodes in a line, two cores of two threads each: node 0 - 1 - 2 - 3.
Description line() {
  Description d;
  d.sockets = 4;
  d.cores_per_node = 2;
  d.threads_per_core = 2;
  d.frequency = sim::Hertz{2e9};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 100_ns;
  for (int node = 0; node < 3; ++node) {
    d.links.push_back(
        {.from = node, .to = node + 1, .bandwidth = sim::BytesPerSecond{10e9}, .latency = 50_ns});
  }
  return d;
}

}  // namespace

TEST_CASE("latency adds a crossing for each hop of the shortest route", "[topology]") {
  const Topology topology{line()};
  CHECK(topology.route(0, 0).idle_latency_s == Approx(100e-9));
  CHECK(topology.route(0, 3).idle_latency_s == Approx(250e-9));
  CHECK(topology.route(0, 3).reads.size() == 4);  // controller and three links
  CHECK(topology.distance(0, 2) == 20);
}

TEST_CASE("reads and writes use opposite directions of a link", "[topology]") {
  const Topology topology{line()};
  const Route& route = topology.route(0, 1);
  const auto& resources = topology.resources();
  CHECK(resources[static_cast<std::size_t>(route.reads[1])].name == "link1-0");
  CHECK(resources[static_cast<std::size_t>(route.writes[1])].name == "link0-1");
}

TEST_CASE("Intel numbers siblings last, an even spread takes cores before siblings", "[topology]") {
  const Topology topology{line()};
  CHECK(topology.cpu(0).core == topology.cpu(8).core);
  const std::vector<int> first(topology.spread_order().begin(),
                               topology.spread_order().begin() + 5);
  CHECK(first == std::vector<int>{0, 2, 4, 6, 1});
}

TEST_CASE("all memory of a front-side bus host is one node behind the hub", "[topology]") {
  Description d = line();
  d.interconnect = Interconnect::front_side_bus;
  d.fsb_bandwidth = sim::BytesPerSecond{10e9};
  const Topology topology{d};
  CHECK(topology.nodes() == 1);
  CHECK(topology.agents() == 4);
  CHECK(topology.route(3, 0).reads == std::vector<int>{4, 0});
}

TEST_CASE("an impossible host is refused with every reason", "[topology]") {
  Description d = line();
  d.sockets = 0;
  d.memory = {};
  CHECK_THROWS_WITH(Topology{d}, Catch::Contains("host.sockets") && Catch::Contains("host.memory"));
  d = line();
  d.links.pop_back();
  CHECK_THROWS_WITH(Topology{d}, Catch::Contains("no link leads"));
}

TEST_CASE("the cores of a compute die reach all memory through its port", "[topology]") {
  Description d = line();
  d.cores_per_node = 4;
  d.llc.shared_by = 2;  // two LLCs a die
  d.chiplet = {.shared_by = 4,
               .read_bandwidth = sim::BytesPerSecond{50e9},
               .write_bandwidth = sim::BytesPerSecond{25e9},
               .efficiency = 0.8};
  const Topology topology{d};
  CHECK(topology.nodes() == 4);
  CHECK(topology.agents() == 8);
  CHECK(topology.llcs() == 16);
  CHECK(topology.cpu(1).agent == 0);
  CHECK(topology.cpu(2).agent == 1);
  const auto names = [&](const std::vector<int>& route) {
    std::vector<std::string> all;
    for (const int r : route) all.push_back(topology.resources()[static_cast<std::size_t>(r)].name);
    return all;
  };
  using Names = std::vector<std::string>;
  CHECK(names(topology.route(1, 1).reads) == Names{"node1.controller", "link1-0", "die1.reads"});
  CHECK(names(topology.route(1, 1).writes) == Names{"node1.controller", "link0-1", "die1.writes"});
  CHECK(names(topology.route_of_node(0, 1).reads) == Names{"node1.controller", "link1-0"});
  const auto port = static_cast<std::size_t>(topology.route(1, 1).port);
  CHECK(topology.resources()[port].capacity_Bps == Approx(25e9));
  CHECK(topology.resources()[port - 1].capacity_Bps == Approx(40e9));
}

TEST_CASE("memory without CPUs is a node after those with CPUs", "[topology]") {
  Description d = line();
  d.memory_nodes = {
      {.on = 1, .memory = 128_GiB, .bandwidth = sim::BytesPerSecond{17e9}, .latency = 280_ns}};
  const Topology topology{d};
  CHECK(topology.nodes() == 4);
  CHECK(topology.memories() == 5);
  CHECK(topology.route(1, 4).idle_latency_s == Approx(280e-9));
  CHECK(topology.route(3, 4).idle_latency_s == Approx(380e-9));
  CHECK(topology.distance(1, 4) == 28);
  CHECK(topology.distance(4, 1) == 28);
  CHECK(topology.resources()[4].capacity_Bps == Approx(17e9));
  CHECK(topology.memory_of_node(4) == 128_GiB);
  CHECK(all_memory(d) == 192_GiB);
}

TEST_CASE("nodes may differ in memory and in channels", "[topology]") {
  Description d = line();
  d.node_memory = {32_GiB, 16_GiB, 0_GiB, 16_GiB};
  d.node_channels = {2, 1, 1, 1};
  const Topology topology{d};
  CHECK(topology.memory_of_node(0) == 32_GiB);
  CHECK(topology.memory_of_node(2) == 0_GiB);
  CHECK(all_memory(d) == 64_GiB);
  CHECK(topology.resources()[0].capacity_Bps == Approx(2 * topology.resources()[1].capacity_Bps));
  d.node_channels.pop_back();
  CHECK_THROWS_WITH(Topology{d}, Catch::Contains("host.node_channels: 3 values for 4 nodes"));
}

TEST_CASE("a port that does not divide a node, or memory beside no CPUs, is refused",
          "[topology]") {
  Description d = line();
  d.chiplet = {.shared_by = 3};
  d.memory_nodes = {{.on = 4}};
  CHECK_THROWS_WITH(Topology{d}, Catch::Contains("host.chiplet.shared_by: 3 threads a die") &&
                                     Catch::Contains("host.chiplet: need read_bandwidth") &&
                                     Catch::Contains("host.memory_node[0].on: node 4") &&
                                     Catch::Contains("host.memory_node[0]: need memory"));
}
