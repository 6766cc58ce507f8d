// Guests and their memory on two nodes: left alone, balanced by the kernel, bound by numad.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;
using tests::share;

namespace {

// Two guests of two vCPUs, that read all over their memory, on two nodes of two CPUs.
HostDescription two_nodes() {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 2;
  d.cores_per_node = 2;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  d.memory = 8_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{8e9}, .latency = 60_ns}};
  VmDescription vm;
  vm.name = "guest";
  vm.count = 2;
  vm.vcpus = 2;
  vm.memory = 1_GiB;
  vm.workload.name = "test";
  vm.workload.profile.llc_accesses_per_kilo_instruction = 20;
  vm.workload.profile.miss_curve = compute::MissCurve{{{1_MiB, 1.0}, {512_MiB, 1.0}}};
  vm.workload.profile.footprint = 512_MiB;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 2_s, .warmup = 40_s}, {.seed = 2, .check = true});
}

}  // namespace

TEST_CASE("guests that start on both nodes come to lie on one each", "[numa]") {
  HostDescription host = two_nodes();
  const Results alone = run(host);
  CHECK(metric(alone, "vm.guest.memory.remote") > 0.25);
  host.vmm.numa_balancing = true;
  const Results balanced = run(host);
  CHECK(metric(balanced, "vm.guest.numa.local.end") > 0.95);
  CHECK(metric(balanced, "vm.guest.memory.remote") < 0.05);
  CHECK(share(balanced, Cause::numa_balancing) > 0.0);
  CHECK(share(balanced, Cause::numa_balancing) < 0.05);
  CHECK(metric(balanced, "vm.guest.throughput") > metric(alone, "vm.guest.throughput"));
}

TEST_CASE("memory under a policy and reserved hugepages are not scanned", "[numa]") {
  HostDescription host = two_nodes();
  host.vmm.numa_balancing = true;
  host.vms.front().numa.mode = NumaMode::interleave;
  CHECK(share(run(host), Cause::numa_balancing) == 0.0);
  host.vms.front().numa.mode = NumaMode::first_touch;
  host.vms.front().host_pages.coverage = 1.0;
  CHECK(share(run(host), Cause::numa_balancing) == 0.0);
}

TEST_CASE("without the mechanism neither kernel nor numad does anything", "[numa]") {
  HostDescription host = two_nodes();
  const Results alone = run(host);
  host.vmm.numa_balancing = true;
  host.vmm.numad = true;
  host.without = {Mechanism::numa_balancing};
  CHECK(metric(run(host), "vm.guest.throughput") == metric(alone, "vm.guest.throughput"));
}

TEST_CASE("numad binds each guest to a node and brings its memory there", "[numa]") {
  HostDescription host = two_nodes();
  host.hardware.cores_per_node = host.hardware.llc.shared_by = 4;  // of full nodes it takes both
  CHECK(metric(run(host), "vm.guest.memory.remote") > 0.25);
  host.vmm.numad = true;
  const Results bound = run(host);
  CHECK(metric(bound, "vm.guest.numad.bound") == 1.0);
  CHECK(metric(bound, "vm.guest.memory.remote") < 0.01);
}

TEST_CASE("a run that ends before its guests have touched their memory has nothing to report",
          "[numa]") {
  HostDescription host = two_nodes();
  host.vmm.numa_balancing = true;
  const Results results = simulate(host, {.duration = 100_us, .warmup = {}}, {.seed = 2});
  CHECK(metric(results, "vm.guest.throughput") >= 0.0);
}
