#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace models;
using namespace sim::literals;
using tests::metric;

namespace {

// Two nodes of four CPUs of 1 GHz, a guest that computes.
HostDescription two_nodes() {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 2;
  d.cores_per_node = 4;
  d.frequency = sim::Hertz{1e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 16_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{5e9};
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{3e9}}};
  host.without = {Mechanism::switch_cost, Mechanism::ticks, Mechanism::exits,
                  Mechanism::first_touch};
  VmDescription& vm = host.vms.emplace_back();
  vm.name = "guest";
  vm.memory = 1_GiB;
  vm.host_pages = {.size = translation::PageSize::small, .coverage = 0.0};
  auto& profile = vm.workload.profile;
  profile.llc_accesses_per_kilo_instruction = 15;
  profile.miss_curve = compute::MissCurve{{{256_KiB, 0.8}, {8_MiB, 0.1}}};
  profile.footprint = 6_MiB;
  return host;
}

double remote(const HostDescription& host) {
  return metric(simulate(host, {.duration = 300_ms, .warmup = 2_s}, {.seed = 1, .check = true}),
                "vm.guest.memory.remote");
}

}  // namespace

TEST_CASE("memory lies where the vCPU runs that touches it first", "[placement]") {
  HostDescription host = two_nodes();
  host.vms.front().count = 8;
  CHECK(remote(host) == 0.0);  // each stays on the CPU where it began
  host.vms.front().count = 4;
  host.vms.front().vcpus = 2;  // a half of the memory each, used by both alike
  host.vms.front().pin = {.mode = PinMode::cpus, .cpus = {{0}, {4}}};
  CHECK(remote(host) == Approx(0.5).epsilon(0.01));
}

TEST_CASE("age spreads the memory of guests that move, and leaves pinned ones alone",
          "[placement]") {
  HostDescription host = two_nodes();
  VmDescription& vm = host.vms.front();
  vm.count = 10;  // two more than CPUs, so that the balancer has work
  vm.workload.burst = sim::Instructions{5'000'000};
  vm.workload.block = 1_ms;
  vm.pin.mode = PinMode::node;
  CHECK(remote(host) == 0.0);
  vm.age = 3600_s;
  CHECK(remote(host) == 0.0);
  vm.pin.mode = PinMode::none;
  CHECK(remote(host) == Approx(0.5).margin(0.1));  // evenly on two nodes
}

TEST_CASE("guests that fill their memory as they run pay for each page that the host gives them",
          "[placement]") {
  HostDescription host = two_nodes();
  VmDescription& vm = host.vms.front();
  vm.workload.profile = {};
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.touch_rate = sim::BytesPerSecond{100e6};
  host.vmm.fault = {.handle = sim::Cycles{3'000}, .clear_page = sim::Cycles{1'000}, .locked = {}};
  const auto faults = [&] {
    return tests::share(simulate(host, {.duration = 1_s, .warmup = 0_s}, {.check = true}),
                        Cause::page_faults);
  };
  CHECK(faults() == 0.0);  // not without the mechanism
  host.without.erase(Mechanism::first_touch);
  // 100 MB of running time's second in pages of 4,096 B, 4 us each: 0.0977 s a second that it runs.
  const double small = 100e6 / 4096 * 4e-6;
  CHECK(faults() == Approx(small / (1 + small)).epsilon(0.02));
  vm.host_pages = {.size = translation::PageSize::large, .coverage = 1.0};
  const double large = 100e6 / 4096 * 1e-6 + 100e6 / 2'097'152 * 3e-6;
  CHECK(faults() == Approx(large / (1 + large)).epsilon(0.02));
}
