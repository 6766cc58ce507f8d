#include "models/open_requests.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "models/host.hpp"
#include "sim/error.hpp"
#include "tests/models/results_of.hpp"

using namespace models;
using namespace sim::literals;

namespace {

// A VM whose requests take 1 ms in the mean on CPUs of its own, and come at `rate`.
HostDescription queue(int vcpus, double rate) {
  HostDescription host;
  host.hardware.cores_per_node = 4;
  host.hardware.frequency = sim::Hertz{1e9};
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  host.hardware.memory = 8_GiB;
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  host.hardware.controller.latency = 90_ns;
  host.vmm.architecture = Architecture::container;
  host.without = {Mechanism::switch_cost, Mechanism::ticks, Mechanism::cold_caches};
  VmDescription vm;
  vm.name = "web";
  vm.vcpus = vcpus;
  vm.memory = 1_GiB;
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.unit = vm.workload.burst = sim::Instructions{1'000'000};
  vm.workload.arrivals = sim::Hertz{rate};
  vm.workload.block = 5_s;  // not used
  vm.workload.wake = workload::WakeSource::timer;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host, sim::Duration time = 60_s) {
  Results results = simulate(host, {.duration = time, .warmup = 1_s}, {.check = true});
  CHECK(results.violations == std::vector<std::string>{});
  return results;
}

double metric(const Results& results, const std::string& name) {
  return tests::metric(results, "vm.web." + name);
}

// P(response > t) of M/M/c, times in units of the mean service.
double longer(double t, int c, double offered) {
  double sum = 0, term = 1;
  for (int k = 0; k < c; ++k) {
    sum += term;
    term *= offered / (k + 1);
  }
  const double waits = term / (term + (1 - offered / c) * sum);  // Erlang C
  const double spare = c - 1 - offered;
  return std::exp(-t) * (1 + waits / spare * (1 - std::exp(-t * spare)));
}

}  // namespace

TEST_CASE("requests that come by themselves wait as in M/M/1") {
  const Results results = run(queue(1, 700));
  CHECK(metric(results, "throughput") == Approx(700).epsilon(0.02));
  CHECK(metric(results, "cpu.utilisation") == Approx(0.7).epsilon(0.02));
  CHECK(metric(results, "latency.p50") == Approx(std::log(2) / 300).epsilon(0.06));
  CHECK(metric(results, "latency.p95") == Approx(std::log(20) / 300).epsilon(0.06));
  CHECK(results.notes == std::vector<std::string>{});
}

TEST_CASE("requests wait for the first vCPU that is done, as in M/M/c") {
  const Results results = run(queue(3, 2'550), 300_s);
  const double p95 = metric(results, "latency.p95") / 1e-3;
  CHECK(longer(p95, 3, 2.55) == Approx(0.05).epsilon(0.15));
  const double p50 = metric(results, "latency.p50") / 1e-3;
  CHECK(longer(p50, 3, 2.55) == Approx(0.5).epsilon(0.05));
}

TEST_CASE("steady arrivals of steady bursts below the capacity never wait") {
  HostDescription host = queue(1, 900);
  host.vms[0].workload.burst_distribution = workload::Distribution::fixed;
  host.vms[0].workload.arrival_distribution = workload::Distribution::fixed;
  CHECK(metric(run(host, 5_s), "latency.p99") == Approx(1e-3).epsilon(0.02));
}

TEST_CASE("beyond its capacity a VM's queue grows, and the run says so") {
  const Results results = run(queue(2, 2'400), 5_s);
  CHECK(metric(results, "throughput") == Approx(2'000).epsilon(0.01));
  CHECK(metric(results, "requests.waiting") == Approx(6 * 400).epsilon(0.15));
  CHECK(metric(results, "latency.p50") > 0.3);
  REQUIRE(results.notes.size() == 1);
  CHECK(results.notes[0].starts_with("requests come to vm.web faster than it serves them"));
}

TEST_CASE("a guest's idle ticks go on while it waits for requests, which its emulator hands over") {
  HostDescription host = queue(2, 200);
  host.vmm.architecture = Architecture::kvm;
  host.vms[0].clock.idle = vmm::IdleTicks::periodic;
  host.vms[0].workload.emulation = 50_us;
  host.vms[0].workload.burst_distribution = workload::Distribution::fixed;
  const Results results = run(host, 5_s);
  CHECK(metric(results, "throughput") == Approx(200).epsilon(0.05));
  CHECK(metric(results, "latency.p50") > 1.03e-3);
  CHECK(metric(results, "latency.p50") < 1.2e-3);
}

TEST_CASE("requests of nothing, or with a barrier, are refused") {
  HostDescription host = queue(1, 100);
  host.vms[0].workload.burst = {};
  CHECK_THROWS_WITH(run(host), Catch::Contains("workload.arrivals: needs workload.burst"));
  host = queue(2, 100);
  host.vms[0].workload.sync.barrier = true;
  CHECK_THROWS_WITH(run(host), Catch::Contains("workload.arrivals: with workload.sync.barrier"));
}
