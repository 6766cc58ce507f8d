// Relaxed co-scheduling of a VM whose second vCPU shares its CPU with somebody else.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "sim/error.hpp"

using namespace sim::literals;
using namespace models;

namespace {

// A VM of two vCPUs, each on a CPU of its own, and one of one vCPU beside the second.
HostDescription uneven(sim::Duration skew) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 2;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{1e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  d.memory = 4_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  VmDescription vm;
  vm.vcpus = 2;
  vm.memory = 512_MiB;
  vm.name = "wide";
  vm.pin = {.mode = PinMode::cpus, .cpus = {{0}, {1}}};
  host.vms.push_back(vm);
  vm.name = "hog";
  vm.vcpus = 1;
  vm.pin.cpus = {{1}};
  host.vms.push_back(vm);
  host.vmm.co_skew = skew;
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 5_s, .warmup = 500_ms}, {.seed = 5, .check = true});
}

double share(const Results& results, std::size_t kind, Cause cause) {
  return results.time[kind].share[static_cast<std::size_t>(cause)];
}

double throughput(const Results& results, const std::string& vm) {
  for (const Metric& m : results.metrics) {
    if (m.name == "vm." + vm + ".throughput") return m.value;
  }
  FAIL("no throughput of " << vm);
  return 0;
}

}  // namespace

TEST_CASE("a vCPU that is ahead waits for its VM's slowest, and its CPU idles", "[co-scheduling]") {
  const Results alone = run(uneven({}));
  CHECK(share(alone, 0, Cause::co_stop) == 0.0);
  const Results together = run(uneven(3_ms));
  // CFS gives the shared CPU out by weights that follow where a VM runs; whatever the second vCPU
  // waits, the first one waits, too.
  const double waits = share(together, 0, Cause::steal);
  CHECK(waits > 0.1);
  CHECK(share(together, 0, Cause::co_stop) == Approx(waits).epsilon(0.05));
  CHECK(throughput(together, "wide") < 0.9 * throughput(alone, "wide"));
}

TEST_CASE("vCPUs that get their CPUs alike are never stopped", "[co-scheduling]") {
  HostDescription host = uneven(3_ms);
  host.vms.pop_back();
  CHECK(share(run(host), 0, Cause::co_stop) == 0.0);
}

TEST_CASE("a wider skew stops as much in the long run: who falls behind for good is waited for",
          "[co-scheduling]") {
  const double narrow = share(run(uneven(2_ms)), 0, Cause::co_stop);
  const double wide = share(run(uneven(20_ms)), 0, Cause::co_stop);
  CHECK(wide == Approx(narrow).epsilon(0.15));
}

TEST_CASE("without the mechanism vCPUs run without regard to each other", "[co-scheduling]") {
  HostDescription host = uneven(3_ms);
  host.without.insert(Mechanism::co_scheduling);
  CHECK(share(run(host), 0, Cause::co_stop) == 0.0);
}

TEST_CASE("jobs of a stopped vCPU wait until it is started", "[co-scheduling]") {
  HostDescription host = uneven(1_ms);
  for (VmDescription& vm : host.vms) {
    vm.workload.burst = sim::Instructions{3'000'000};
    vm.workload.block = 200_us;
    vm.workload.wake = workload::WakeSource::timer;
  }
  const Results results = run(host);
  CHECK(share(results, 0, Cause::co_stop) > 0.01);
  CHECK(throughput(results, "wide") > 0.0);
}
