// What a host maps its guests' memory with.
#include "models/huge_pages.hpp"

#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

HostDescription host_of_one() {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 2;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  d.memory = 8_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 4_GiB;
  vm.workload.name = "test";
  vm.workload.pages.scattered_per_kilo_instruction = 10;
  vm.workload.pages.span = 4_GiB;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 1_s, .warmup = 1_s}, {.seed = 3, .check = true});
}

}  // namespace

TEST_CASE("never leaves 4 KiB pages, madvise does so for containers, reserved ones stay") {
  HostDescription host = host_of_one();
  const VmDescription& vm = host.vms.front();
  CHECK(coverage_at_start(vm, host) == 0.8);
  host.vmm.transparent_hugepages = TransparentHugepages::madvise;
  CHECK(coverage_at_start(vm, host) == 0.8);
  host.vmm.architecture = Architecture::container;
  CHECK(coverage_at_start(vm, host) == 0.0);
  host.vmm.architecture = Architecture::kvm;
  host.vmm.transparent_hugepages = TransparentHugepages::never;
  CHECK(coverage_at_start(vm, host) == 0.0);
  host.vms.front().host_pages.coverage = 1.0;
  CHECK(coverage_at_start(vm, host) == 1.0);
}

TEST_CASE("a guest that khugepaged has been round walks as one with huge pages") {
  HostDescription host = host_of_one();
  host.vms.front().host_pages.coverage = 0.0;
  const double small = metric(run(host), "vm.guest.throughput");
  host.vmm.khugepaged.run = true;
  host.vms.front().age = 1280_s;  // half a round of 4 GiB
  const Results half = run(host);
  CHECK(metric(half, "vm.guest.memory.huge") == Approx(0.5).epsilon(0.01));
  CHECK(metric(half, "vm.guest.throughput") > small);
  host.vmm.transparent_hugepages = TransparentHugepages::never;
  CHECK(metric(run(host), "vm.guest.throughput") == small);
}
