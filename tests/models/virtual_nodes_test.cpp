// A wide guest on two nodes of a host, which sees one node or two.
#include <catch2/catch.hpp>

#include "models/host.hpp"

using namespace sim::literals;
using namespace models;

namespace {

// One guest of eight vCPUs on two nodes of four CPUs, reading all over 2 GiB.
HostDescription wide_guest(int virtual_nodes, PinMode pin) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 2;
  d.cores_per_node = 4;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 8_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{8e9}, .latency = 60_ns}};
  VmDescription vm;
  vm.name = "wide";
  vm.vcpus = 8;
  vm.virtual_nodes = virtual_nodes;
  vm.memory = 2_GiB;
  vm.pin.mode = pin;
  vm.workload.profile.llc_accesses_per_kilo_instruction = 20;
  vm.workload.profile.miss_curve = compute::MissCurve{{{1_MiB, 1.0}, {512_MiB, 1.0}}};
  vm.workload.profile.footprint = 512_MiB;
  host.vms.push_back(vm);
  return host;
}

double metric(const HostDescription& host, const std::string& name) {
  const Results results = simulate(host, {.duration = 1_s, .warmup = 200_ms}, {.check = true});
  for (const Metric& m : results.metrics) {
    if (m.name == name) return m.value;
  }
  FAIL("no metric " << name);
  return 0;
}

}  // namespace

TEST_CASE("a wide guest that sees the host's nodes uses what is near, one that does not, half") {
  const HostDescription blind = wide_guest(1, PinMode::core);
  const HostDescription seeing = wide_guest(2, PinMode::core);
  CHECK(metric(blind, "vm.wide.memory.remote") == Approx(0.5).margin(0.01));
  // A fifth of the accesses go to the whole guest's memory, half of which is remote.
  CHECK(metric(seeing, "vm.wide.memory.remote") == Approx(0.1).margin(0.01));
  CHECK(metric(seeing, "vm.wide.throughput") > 1.1 * metric(blind, "vm.wide.throughput"));
}

TEST_CASE("what a thread does not share with others is all of what it uses near") {
  HostDescription host = wide_guest(2, PinMode::core);
  host.vms.front().workload.numa_locality = 1.0;
  CHECK(metric(host, "vm.wide.memory.remote") == Approx(0.0).margin(1e-9));
  host.vms.front().workload.numa_locality = 0.0;
  CHECK(metric(host, "vm.wide.memory.remote") == Approx(0.5).margin(0.01));
}

TEST_CASE("virtual nodes whose memory is all on one node are worth what one is") {
  HostDescription two = wide_guest(2, PinMode::core);
  two.vms.front().numa = {.mode = NumaMode::strict, .nodes = {0}};
  HostDescription one = two;
  one.vms.front().virtual_nodes = 1;
  CHECK(metric(two, "vm.wide.memory.remote") == Approx(metric(one, "vm.wide.memory.remote")));
}

TEST_CASE("virtual nodes bound to nodes of the host lie there, whoever touches them first") {
  // Bound the other way round: each virtual node's memory lies where its vCPUs are not.
  HostDescription host = wide_guest(2, PinMode::core);
  host.vms.front().workload.numa_locality = 1.0;
  host.vms.front().numa = {.mode = NumaMode::strict, .nodes = {1, 0}};
  CHECK(metric(host, "vm.wide.memory.remote") == Approx(1.0).margin(1e-9));
}
