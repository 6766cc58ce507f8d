// What logging of dirty pages does to a guest that writes, and vCPUs that meet at barriers.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::share;

namespace {

// Each vCPU visits a page every 1000 instructions of half a nanosecond: 2 million pages a second.
HostDescription writing(DirtyLogging logging) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 4;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.vm_round_trip = sim::Cycles{1'000};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  host.vmm.dirty_log.eager_split = true;
  VmDescription vm;
  vm.name = "guest";
  vm.vcpus = 1;
  vm.memory = 16_GiB;
  vm.dirty_logging = logging;
  vm.workload.writes = {.pages_per_kilo_instruction = 1.0, .order = memory::WriteOrder::sequential};
  host.vms.push_back(vm);
  host.without = {Mechanism::ticks};
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 1_s, .warmup = 200_ms}, {.seed = 3, .check = true});
}

double metric(const Results& results, const std::string& name) {
  CHECK(results.violations.empty());
  for (const Metric& m : results.metrics) {
    if (m.name == name) return m.value;
  }
  FAIL("no metric " << name);
  return 0;
}

}  // namespace

TEST_CASE("each first write of a page costs a fault while its memory is logged", "[dirty-log]") {
  const Results free = run(writing(DirtyLogging::off));
  const Results logged = run(writing(DirtyLogging::on));
  const HostDescription host = writing(DirtyLogging::on);
  const double light = 1'000.0 + 400.0;  // round trip and dispatch
  const double fault = memory::fault_cycles(host.vmm.dirty_log, light);
  // 1000 cycles of its own a page, and the fault.
  CHECK(metric(logged, "vm.guest.throughput") / metric(free, "vm.guest.throughput") ==
        Approx(1000 / (1000 + fault)).epsilon(0.01));
  CHECK(share(logged, Cause::exits) == Approx(fault / (1000 + fault)).epsilon(0.01));
  CHECK(metric(logged, "vm.guest.dirty_log.faults") == Approx(2e9 / (1000 + fault)).epsilon(0.01));
}

TEST_CASE("a CPU that logs makes dirty logging cheap", "[dirty-log]") {
  HostDescription host = writing(DirtyLogging::on);
  host.hardware.page_modification_log = true;
  const Results results = run(host);
  const double logged = memory::logged_cycles(host.vmm.dirty_log, 1'400.0);
  CHECK(metric(results, "vm.guest.dirty_log.faults") == 0);
  CHECK(share(results, Cause::exits) == Approx(logged / (1000 + logged)).epsilon(0.01));
}

TEST_CASE("readings of the log find what was written", "[dirty-log]") {
  HostDescription host = writing(DirtyLogging::on);
  host.vms.front().dirty_log_interval = 100_ms;
  const Results results = run(host);
  CHECK(metric(results, "vm.guest.dirty_log.rate") ==
        Approx(4096 * metric(results, "vm.guest.dirty_log.faults")).epsilon(0.02));
}

TEST_CASE("writes that the content profile states are owed as time passes", "[dirty-log]") {
  HostDescription host = writing(DirtyLogging::on);
  host.vms.front().workload.writes = {};
  host.vms.front().dirty_log_interval = 100_ms;  // far below a rewrite in 5 s
  const Results results = run(host);
  const double per_s = 16 * 262144.0 / 5.0;
  CHECK(metric(results, "vm.guest.dirty_log.rate") == Approx(4096 * per_s).epsilon(0.1));
  CHECK(share(results, Cause::exits) > 0.1);
}

TEST_CASE("vCPUs that meet at a barrier go at the pace of the slowest", "[barrier]") {
  HostDescription host = writing(DirtyLogging::off);
  VmDescription& vm = host.vms.front();
  vm.vcpus = 2;
  vm.pin = {.mode = PinMode::cpus, .cpus = {{0}, {1}}};
  vm.workload.burst = sim::Instructions{20'000'000};  // 10 ms
  vm.workload.burst_distribution = workload::Distribution::fixed;
  vm.workload.sync.barrier = true;
  CHECK(metric(run(host), "vm.guest.iteration") == Approx(0.010).epsilon(0.01));
  // Somebody else takes half of the first one's CPU.
  VmDescription other = host.vms.front();
  other.name = "other";
  other.vcpus = 1;
  other.pin.cpus = {{0}};
  other.workload = {};
  host.vms.push_back(other);
  host.vms.front().shares = 2048;  // its two threads against one
  const Results results = run(host);
  CHECK(metric(results, "vm.guest.iteration") > 0.014);
  CHECK(share(results, Cause::spinning) > 0.15);
}
