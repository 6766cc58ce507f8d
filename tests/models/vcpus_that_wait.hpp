// Eight CPUs of a core each, and guests of eight vCPUs that wait for each other.
#pragma once

#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

namespace tests {

inline models::HostDescription guests_of_eight(int guests) {
  using namespace sim::literals;
  models::HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 8;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 8, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  models::VmDescription vm;
  vm.name = "guest";
  vm.count = guests;
  vm.vcpus = 8;
  vm.memory = 1_GiB;
  host.vms.push_back(vm);
  return host;
}

inline models::Results run(const models::HostDescription& host) {
  using namespace sim::literals;
  return models::simulate(host, {.duration = 1_s, .warmup = 200_ms}, {.seed = 3, .check = true});
}

inline double throughput(const models::HostDescription& host) {
  const models::Results results = run(host);
  REQUIRE(results.violations.empty());
  return metric(results, "vm.guest.throughput");
}

}  // namespace tests
