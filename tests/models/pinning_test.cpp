#include "models/pinning.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/error.hpp"

using namespace sim::literals;
using namespace models;

namespace {

// Two nodes of two cores of two threads: 8 CPUs.
topology::Topology machine() {
  topology::Description d;
  d.sockets = 2;
  d.cores_per_node = 2;
  d.threads_per_core = 2;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 2, .latency = 5_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 8_GiB;
  d.controller.latency = 80_ns;
  d.controller.channel_bandwidth = sim::BytesPerSecond{50e9};
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{20e9}, .latency = 60_ns}};
  return topology::Topology{d};
}

VmDescription vms(int count, int vcpus, PinMode mode) {
  VmDescription vm;
  vm.name = "guest";
  vm.count = count;
  vm.vcpus = vcpus;
  vm.pin.mode = mode;
  return vm;
}

}  // namespace

TEST_CASE("core pinning takes nodes in turn and cores before siblings") {
  const topology::Topology host = machine();
  const auto places = place_vms({vms(8, 1, PinMode::core)}, host);
  std::set<int> cores;
  std::set<int> cpus;
  for (std::size_t i = 0; i < places.size(); ++i) {
    REQUIRE(places[i].vcpu_cpus.size() == 1);
    REQUIRE(places[i].vcpu_cpus[0].size() == 1);
    const int cpu = places[i].vcpu_cpus[0][0];
    cpus.insert(cpu);
    cores.insert(host.cpu(cpu).core);
    CHECK(host.cpu(cpu).node == static_cast<int>(i % 2));
    if (i == 3) CHECK(cores.size() == 4);
  }
  CHECK(cpus.size() == 8);
}

TEST_CASE("a VM wider than a node's cores takes other nodes' before siblings") {
  const topology::Topology host = machine();
  const auto cores_and_nodes = [&](const VmPlace& place) {
    std::set<int> cores, nodes;
    for (const auto& cpus : place.vcpu_cpus) {
      cores.insert(host.cpu(cpus[0]).core);
      nodes.insert(host.cpu(cpus[0]).node);
    }
    return std::pair{cores.size(), nodes.size()};
  };
  VmDescription wide = vms(1, 4, PinMode::core);
  wide.numa.mode = NumaMode::strict;
  const VmPlace place = place_vms({wide}, host)[0];
  CHECK(cores_and_nodes(place) == std::pair<std::size_t, std::size_t>{4, 2});
  CHECK(place.nodes == std::vector{0, 1});  // of its memory, too
  CHECK(place.virtual_nodes == std::vector{-1});
  wide.vcpus = 6;  // then siblings of the node that it began on
  const VmPlace wider = place_vms({wide}, host)[0];
  CHECK(cores_and_nodes(wider) == std::pair<std::size_t, std::size_t>{4, 2});
  for (const std::size_t last : {4u, 5u}) CHECK(host.cpu(wider.vcpu_cpus[last][0]).node == 0);
  // The second VM begins on node 1, the third finds a core on either.
  const auto narrow = place_vms({vms(2, 1, PinMode::core), vms(1, 2, PinMode::core)}, host);
  CHECK(cores_and_nodes(narrow[2]) == std::pair<std::size_t, std::size_t>{2, 2});
}

TEST_CASE("more vCPUs than CPUs go round again") {
  const auto places = place_vms({vms(12, 1, PinMode::core)}, machine());
  std::map<int, int> uses;
  for (const VmPlace& place : places) ++uses[place.vcpu_cpus[0][0]];
  CHECK(uses.size() == 8);
  for (const auto& [cpu, count] : uses) CHECK(count <= 2);
}

TEST_CASE("node pinning keeps a VM's vCPUs on the CPUs of one node") {
  const topology::Topology host = machine();
  const auto places = place_vms({vms(2, 3, PinMode::node)}, host);
  for (int vm = 0; vm < 2; ++vm) {
    for (const auto& cpus : places[static_cast<std::size_t>(vm)].vcpu_cpus) {
      CHECK(cpus.size() == 4);
      for (const int cpu : cpus) CHECK(host.cpu(cpu).node == vm);
    }
  }
}

TEST_CASE("explicit sets are one a vCPU, the last for the rest") {
  VmDescription vm = vms(1, 3, PinMode::cpus);
  vm.pin.cpus = {{0}, {2, 3}};
  const auto places = place_vms({vm}, machine());
  CHECK(places[0].vcpu_cpus == std::vector<std::vector<int>>{{0}, {2, 3}, {2, 3}});
}

TEST_CASE("without pinning every CPU is allowed") {
  const auto places = place_vms({vms(1, 2, PinMode::none)}, machine());
  for (const auto& cpus : places[0].vcpu_cpus) CHECK(cpus.empty());
}

TEST_CASE("CPUs and nodes that are not there are refused by name") {
  VmDescription vm = vms(1, 1, PinMode::cpus);
  vm.pin.cpus = {{8}};
  CHECK_THROWS_WITH(place_vms({vm}, machine()), Catch::Contains("vm.guest.pin[0]: CPU 8"));
  vm = vms(1, 1, PinMode::none);
  vm.numa = {.mode = NumaMode::strict, .nodes = {2}};
  CHECK_THROWS_WITH(place_vms({vm}, machine()), Catch::Contains("vm.guest.numa: node 2"));
}

TEST_CASE("virtual nodes of a wide VM go to the host's nodes in turn") {
  const topology::Topology host = machine();
  VmDescription vm = vms(1, 8, PinMode::node);
  vm.virtual_nodes = 2;
  vm.numa.mode = NumaMode::strict;
  const auto places = place_vms({vm}, host);
  for (std::size_t vcpu = 0; vcpu < 8; ++vcpu) {
    for (const int cpu : places[0].vcpu_cpus[vcpu])
      CHECK(host.cpu(cpu).node == static_cast<int>(vcpu / 4));
  }
  CHECK(places[0].virtual_nodes == std::vector{0, 1});
  CHECK(places[0].nodes == std::vector{0, 1});
  CHECK(places[0].emulator_cpus.size() == 8);
  vm.numa = {.mode = NumaMode::strict, .nodes = {1, 0}};
  CHECK(place_vms({vm}, host)[0].virtual_nodes == std::vector{1, 0});
  vm.numa = {};
  CHECK(place_vms({vm}, host)[0].virtual_nodes == std::vector{-1, -1});
}

TEST_CASE("virtual nodes that do not divide the vCPUs are refused") {
  VmDescription vm = vms(1, 8, PinMode::none);
  vm.virtual_nodes = 3;
  CHECK_THROWS_WITH(place_vms({vm}, machine()),
                    Catch::Contains("vm.guest.virtual_nodes: 3 nodes for 8 vCPUs"));
}

TEST_CASE("CPU sets that are not one for each vCPU are said, one set is for all") {
  VmDescription vm = vms(1, 4, PinMode::cpus);
  vm.pin.cpus = {{0}};
  CHECK(unlike_sets(vm).empty());
  vm.pin.cpus = {{0}, {1}, {2}};
  CHECK(unlike_sets(vm) ==
        "vm.guest.pin: 3 CPU sets for 4 vCPUs: the last one is for all vCPUs beyond, too");
  vm.pin.cpus = {{0}, {1}, {2}, {3}};
  CHECK(unlike_sets(vm).empty());
  vm.pin.cpus.push_back({4});
  CHECK(unlike_sets(vm) == "vm.guest.pin: 5 CPU sets for 4 vCPUs: those beyond are left out");
}

TEST_CASE("a VMM's threads run where they are told to, whatever the vCPUs' pinning") {
  VmDescription vm = vms(2, 2, PinMode::node);
  CHECK(place_vms({vm}, machine())[0].emulator_cpus == std::vector<int>{0, 1, 4, 5});
  vm.emulator_pin = {6, 2};
  for (const VmPlace& place : place_vms({vm}, machine()))
    CHECK(place.emulator_cpus == std::vector<int>{2, 6});
  vm.emulator_pin = {8};
  CHECK_THROWS_WITH(place_vms({vm}, machine()),
                    "vm.guest.emulatorpin: CPU 8 is not there, the host has 0-7");
}
