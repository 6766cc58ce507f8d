// vCPUs whose pages are on swap, with and without asynchronous page faults.
#include <catch2/catch.hpp>

#include "models/host.hpp"

using namespace sim::literals;
using namespace models;

namespace {

HostDescription swapping(int tasks) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 4;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = sim::Bytes{3LL << 30};
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  d.swap.size = 8_GiB;
  d.swap.latency = 5_ms;
  VmDescription vm;
  vm.name = "guest";
  vm.count = 4;
  vm.memory = 1_GiB;
  vm.workload.name = "test";
  vm.workload.tasks = tasks;
  vm.workload.content[memory::Content::cold] = {0.5, 1800.0, 200.0};
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 2_s, .warmup = 500_ms}, {.seed = 3, .check = true});
}

double waited(const Results& results) {
  return results.time.front().share[static_cast<std::size_t>(Cause::swap_in)];
}

}  // namespace

TEST_CASE("a vCPU with another task to run does not wait for a page", "[pressure]") {
  const Results alone = run(swapping(1));
  REQUIRE(alone.violations.empty());
  REQUIRE(waited(alone) > 0.02);
  const Results two = run(swapping(2));
  CHECK(two.violations.empty());
  CHECK(waited(two) < 0.3 * waited(alone));
  CHECK(waited(run(swapping(8))) < 0.01 * waited(alone));
}

TEST_CASE("without asynchronous page faults tasks wait for each other's pages", "[pressure]") {
  HostDescription host = swapping(8);
  const double alone = waited(run(swapping(1)));
  host.without.insert(Mechanism::async_page_faults);
  CHECK(waited(run(host)) == Approx(alone));
  host.without.clear();
  host.vms.front().kvm_features.async_pf = false;
  CHECK(waited(run(host)) == Approx(alone));
}

TEST_CASE("in the kernel a task's page is waited for", "[pressure]") {
  HostDescription host = swapping(8);
  host.vms.front().workload.sync.kernel_share = 1.0;
  CHECK(waited(run(host)) == Approx(waited(run(swapping(1)))).epsilon(0.25));
}
