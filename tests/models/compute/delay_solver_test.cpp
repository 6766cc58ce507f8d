#include "models/compute/delay_solver.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/models/compute/two_nodes.hpp"

using namespace sim::literals;
using namespace models::compute;
using models::topology::Description;
using models::topology::Topology;

namespace {

constexpr double kCapacity_Bps = 10e9;
constexpr double kDelay_s = 25e-9;

// Controllers 0 and 1, links 2 (from 0 to 1) and 3; a written line costs what a read one does.
Topology host_of_two() {
  Description d = two_nodes();
  d.controller.turnaround = sim::Duration::zero();
  return Topology{d};
}

std::vector<double> capacities(const Topology& topology) {
  std::vector<double> capacity_Bps;
  for (const auto& resource : topology.resources()) capacity_Bps.push_back(resource.capacity_Bps);
  return capacity_Bps;
}

// A tenth of a line an instruction, each waited for: 64 B each 10.5 ns without delays.
DelaySolver::Demand reader() {
  return {.unqueued_s = 1.05e-9, .at_work = 1.0, .lines = 0.1, .reads = 0.1};
}

struct Case {
  Topology topology = host_of_two();
  CarriedLoads loads{capacities(topology)};
  DelaySolver solver{topology, true, true};

  // Readers of node 0 in its own memory.
  void solve(int readers, const DelaySolver::Demand& demand) {
    solver.begin();
    for (int i = 0; i < readers; ++i) solver.demand(demand, 0, {0}, {1.0, 0.0});
    solver.solve(loads);
  }
};

}  // namespace

TEST_CASE("delays and rates agree: the load at the delay has the delay that the load makes") {
  for (const int readers : {1, 2, 4, 30}) {
    Case host;
    host.loads.add(0, 1e9, sim::kStart);  // others'
    REQUIRE(host.solver.drifted(host.loads));
    host.solve(readers, reader());
    const double delay_s = host.solver.delays(0, 0).controller_s;
    const double rate = 1.0 / (1.05e-9 + 0.1 * delay_s);
    const double u = (1e9 + readers * 6.4 * rate) / kCapacity_Bps;
    INFO(readers);
    CHECK(u < 1.0 + 1e-3);
    if (u < 0.999) CHECK(delay_s == Approx(kDelay_s * u / std::sqrt(1.0 - u)).epsilon(2e-3));
    CHECK(delay_s > 0.0);
    CHECK(host.solver.delays(1, 1).controller_s == 0.0);
  }
}

TEST_CASE("what its threads had asked for at the old delays is not counted twice") {
  Case fresh, again;
  REQUIRE(fresh.solver.drifted((fresh.loads.add(0, 1e9, sim::kStart), fresh.loads)));
  fresh.solve(4, reader());
  DelaySolver::Demand known = reader();
  known.now_Bps = 1.5e9;
  again.loads.add(0, 1e9 + 4 * 1.5e9, sim::kStart);
  REQUIRE(again.solver.drifted(again.loads));
  again.solve(4, known);
  CHECK(again.solver.delays(0, 0).controller_s ==
        Approx(fresh.solver.delays(0, 0).controller_s).epsilon(1e-9));
}

TEST_CASE("ticks, contended lines and delays elsewhere slow a thread, and so its load") {
  const auto delay_s = [](const DelaySolver::Demand& demand) {
    Case host;
    host.loads.add(0, 1e9, sim::kStart);
    REQUIRE(host.solver.drifted(host.loads));
    host.solve(4, demand);
    return host.solver.delays(0, 0).controller_s;
  };
  const double free_s = delay_s(reader());
  DelaySolver::Demand ticking = reader();
  ticking.at_work = 0.8;
  DelaySolver::Demand contended = reader();
  contended.contended = {.lines = 0.01, .others = 3.0, .turn_s = 50e-9};
  DelaySolver::Demand slower = reader();
  slower.unqueued_s += contended.contended.wait_s(slower.unqueued_s + 0.1 * delay_s(contended));
  CHECK(delay_s(ticking) < 0.9 * free_s);
  CHECK(delay_s(contended) < 0.9 * free_s);
  CHECK(delay_s(contended) == Approx(delay_s(slower)).epsilon(5e-3));
  CHECK(ContendedLines{}.wait_s(1e-9) == 0.0);
}

TEST_CASE("who waits where nothing is solved asks for less where something is") {
  const auto link_delay_s = [](double local_Bps) {
    Case host;
    host.loads.add(0, local_Bps, sim::kStart);
    if (host.solver.drifted(host.loads)) host.solve(0, {});
    host.solver.finish(host.loads);
    host.solver.close_all();
    host.loads.forget_changes();
    host.loads.add(3, 1e9, sim::kStart);
    REQUIRE(host.solver.drifted(host.loads));
    host.solver.begin();
    for (int i = 0; i < 8; ++i) host.solver.demand(reader(), 0, {0, 1}, {0.5, 0.5});
    host.solver.solve(host.loads);
    return host.solver.delays(0, 1).links_s;
  };
  CHECK(link_delay_s(9.9e9) < 0.6 * link_delay_s(0.0));
}

TEST_CASE("only what has drifted is opened, with the routes that cross it") {
  Case host;
  CHECK_FALSE(host.solver.drifted(host.loads));  // nothing has changed
  host.loads.add(3, 1e9, sim::kStart);           // from node 1 to node 0
  REQUIRE(host.solver.drifted(host.loads));
  host.solver.begin();
  CHECK(host.solver.opened(0) == memory_set(1));  // reads
  CHECK(host.solver.opened(1) == memory_set(0));  // writes
  host.solver.demand(reader(), 0, {0, 1}, {0.5, 0.5});
  host.solver.solve(host.loads);
  CHECK(host.solver.delays(0, 1).links_s > 0.0);
  CHECK(host.solver.delays(0, 1).controller_s == 0.0);
  CHECK(host.solver.delays(1, 0).links_s == 0.0);
  host.loads.add(3, 1e8, sim::kStart);
  host.solver.finish(host.loads);
  host.solver.close_all();
  host.loads.forget_changes();
  host.loads.add(3, 1e6, sim::kStart);
  CHECK_FALSE(host.solver.drifted(host.loads));  // too little
  host.loads.add(3, 2e9, sim::kStart);
  CHECK(host.solver.drifted(host.loads));
  host.solver.finish(host.loads);
  host.solver.close_all();
  host.loads.forget_changes();
  host.loads.add(3, 1e6, sim::kStart);
  host.loads.forget_changes();
  host.solver.allow_no_drift();
  CHECK(host.solver.drifted(host.loads));  // be it little, and long ago
}

TEST_CASE("without its mechanism a resource makes nobody wait") {
  const Topology topology = host_of_two();
  CarriedLoads loads{capacities(topology)};
  DelaySolver solver{topology, false, true};
  loads.add(0, 5e9, sim::kStart);
  loads.add(3, 3e9, sim::kStart);
  REQUIRE(solver.drifted(loads));
  solver.begin();
  solver.demand(reader(), 0, {0, 1}, {0.5, 0.5});
  solver.solve(loads);
  CHECK(solver.delays(0, 0).controller_s == 0.0);
  CHECK(solver.delays(0, 1).links_s > 0.0);
  DelaySolver off{topology, false, false};
  CHECK_FALSE(off.drifted(loads));
}
