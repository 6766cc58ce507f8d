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
