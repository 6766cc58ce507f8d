#include "models/host.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/error.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

// Two nodes of four cores of two threads, memory-hungry guests that wait for a device.
HostDescription busy_host() {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 2;
  d.cores_per_node = 4;
  d.threads_per_core = 2;
  d.frequency = sim::Hertz{2e9};
  d.turbo = {sim::Hertz{3e9}, sim::Hertz{2.5e9}, sim::Hertz{2.2e9}, sim::Hertz{2.1e9}};
  d.l2 = {.size = 1_MiB, .shared_by = 2, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 8, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{5e9};
  d.controller.latency = 90_ns;
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{3e9}, .latency = 60_ns}};
  VmDescription vm;
  vm.name = "guest";
  vm.count = 18;  // two more than CPUs, so that the balancer has work
  vm.memory = 1_GiB;
  vm.numa.mode = NumaMode::interleave;
  auto& work = vm.workload;
  work.burst = sim::Instructions{5'000'000};
  work.block = 1_ms;
  work.emulation = 50_us;
  work.profile.llc_accesses_per_kilo_instruction = 15;
  work.profile.miss_curve = compute::MissCurve{{{256_KiB, 0.8}, {8_MiB, 0.1}}};
  work.profile.memory_level_parallelism = 2;
  work.profile.write_back_fraction = 0.3;
  work.profile.footprint = 6_MiB;
  work.pages.scattered_per_kilo_instruction = 20;
  work.pages.span = 1_GiB;
  work.exits[vmm::ExitKind::msr_write] = 0.05;
  host.vmm.halt_poll.most = 2_ms;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 300_ms, .warmup = 200_ms}, {.seed = 3, .check = true});
}

}  // namespace

// Guests that run for a fraction of a millisecond use a small part of what they have in an LLC;
// refilled before they go on, a larger one had them do a seventh.
TEST_CASE("a larger cache is no burden to guests that run briefly on a crowded host", "[host]") {
  const auto throughput = [](sim::Bytes llc) {
    HostDescription host;
    auto& d = host.hardware;
    d.sockets = 1;
    d.cores_per_node = 8;
    d.frequency = sim::Hertz{2e9};
    d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
    d.llc = {.size = llc, .shared_by = 8, .latency = 20_ns};
    d.memory = 64_GiB;
    d.controller.channel_bandwidth = sim::BytesPerSecond{40e9};
    d.controller.latency = 90_ns;
    VmDescription& guest = host.vms.emplace_back();
    guest.name = "guest";
    guest.count = 48;
    guest.memory = 1_GiB;
    guest.workload.burst = sim::Instructions{300'000};
    guest.workload.block = 1_ms;
    auto& profile = guest.workload.profile;
    profile.llc_accesses_per_kilo_instruction = 15;
    profile.miss_curve = compute::MissCurve{{{256_KiB, 0.8}, {8_MiB, 0.5}, {64_MiB, 0.2}}};
    profile.memory_level_parallelism = 2;
    profile.footprint = 48_MiB;
    return metric(run(host), "vm.guest.throughput");
  };
  CHECK(throughput(64_MiB) > throughput(8_MiB));
}

TEST_CASE("a guest that never ends a burst has no latency of bursts", "[host]") {
  const auto has_latency = [](const HostDescription& host) {
    const Results results = run(host);
    return std::any_of(results.metrics.begin(), results.metrics.end(),
                       [](const Metric& m) { return m.name == "vm.guest.latency.p99"; });
  };
  HostDescription host = busy_host();
  host.vms.front().count = 1;
  CHECK(has_latency(host));
  host.vms.front().workload.burst = {};
  CHECK_FALSE(has_latency(host));
}

// What a guest loads was taken off before the time in which it did was counted: one that blocks
// seemed to load a controller by a hundredth of what it does.
TEST_CASE("a controller carries what its guests miss, whether they block or not", "[host]") {
  HostDescription host;
  auto& d = host.hardware;
  d.cores_per_node = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 1, .latency = 20_ns};
  d.memory = 4_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  VmDescription& guest = host.vms.emplace_back();
  guest.name = "guest";
  guest.memory = 1_GiB;
  auto& profile = guest.workload.profile;
  profile.llc_accesses_per_kilo_instruction = 15;
  profile.miss_curve = compute::MissCurve{{{8_MiB, 0.5}, {64_MiB, 0.5}}};
  profile.footprint = 48_MiB;
  const auto load = [&](const Results& results) {
    return metric(results, "host.controller.utilisation.max") /
           metric(results, "vm.guest.throughput");
  };
  const double steady = load(run(host));
  host.vms.front().workload.burst = sim::Instructions{5'000'000};
  host.vms.front().workload.block = 3_ms;
  CHECK(load(run(host)) == Approx(steady).epsilon(0.02));
}

TEST_CASE("each mechanism switched off changes the answer, and no run breaks an invariant",
          "[host]") {
  const HostDescription host = busy_host();
  const Results all = run(host);
  CHECK(all.violations.empty());
  const double with = metric(all, "vm.guest.throughput");
  for (const Mechanism mechanism :
       {Mechanism::remote_latency, Mechanism::link_bandwidth, Mechanism::controller_queueing,
        Mechanism::llc_sharing, Mechanism::cold_caches, Mechanism::balancing_migrations,
        Mechanism::smt, Mechanism::turbo, Mechanism::switch_cost, Mechanism::emulation,
        Mechanism::page_walks, Mechanism::nested_walks, Mechanism::exits, Mechanism::ticks,
        Mechanism::halt_polling}) {
    HostDescription less = host;
    less.without.insert(mechanism);
    const Results without = run(less);
    INFO("mechanism " << static_cast<int>(mechanism));
    CHECK(without.violations.empty());
    CHECK(std::abs(metric(without, "vm.guest.throughput") / with - 1) > 1e-4);
  }
}

TEST_CASE("the same seed gives the same results, another seed others", "[host]") {
  const HostDescription host = busy_host();
  const RunLength length{.duration = 100_ms, .warmup = 50_ms};
  const Results a = simulate(host, length, {.seed = 1});
  const Results b = simulate(host, length, {.seed = 1});
  const Results c = simulate(host, length, {.seed = 2});
  REQUIRE(a.metrics.size() == b.metrics.size());
  for (std::size_t i = 0; i < a.metrics.size(); ++i)
    CHECK(a.metrics[i].value == b.metrics[i].value);
  CHECK(metric(a, "vm.guest.throughput") != metric(c, "vm.guest.throughput"));
}

TEST_CASE("an impossible host is refused before anything runs", "[host]") {
  HostDescription host = busy_host();
  host.vms.front().memory = 65_GiB;
  CHECK_THROWS_WITH(check(host), Catch::Contains("host.memory"));
  host = busy_host();
  host.vms.front().pin = {.mode = PinMode::cpus, .cpus = {{16}}};
  CHECK_THROWS_WITH(check(host), Catch::Contains("vm.guest.pin[0]: CPU 16 is not there"));
}

TEST_CASE("a host that is only too small is told from an impossible one, on any of several hosts",
          "[host]") {
  HostDescription host = busy_host();
  host.name = "here";
  host.vms.front().memory = 65_GiB;
  CHECK_THROWS_AS(check(host), TooSmall);
  HostDescription cluster = busy_host();
  cluster.name = "there";
  cluster.others = {host};
  CHECK_THROWS_AS(check(cluster), TooSmall);
  CHECK_THROWS_WITH(check(cluster), Catch::Contains("cluster.host.here: host.memory"));
  // What is wrong with a later one is not hidden by it.
  cluster.others.push_back(busy_host());
  cluster.others.back().name = "wrong";
  cluster.others.back().vms.front().pin = {.mode = PinMode::cpus, .cpus = {{16}}};
  const auto told = [&] {
    try {
      check(cluster);
    } catch (const TooSmall&) {
      return "too small";
    } catch (const sim::ConfigError&) {
      return "wrong";
    }
    return "accepted";
  };
  CHECK(told() == std::string{"wrong"});
}

TEST_CASE("memory that guests are given beyond the host's is told while they do not touch it",
          "[host]") {
  HostDescription host = busy_host();
  host.vms.front().memory = 4_GiB;
  host.vms.front().workload.resident = 1_GiB;  // 18 of 64 GiB; given are 72
  const auto notes = [&] { return simulate(host, {.duration = 1_ms, .warmup = {}}).notes; };
  REQUIRE(notes().size() == 1);
  CHECK_THAT(notes().front(), Catch::Contains("the VMs are given 72.0 GiB") &&
                                  Catch::Contains("the host has 64.0 GiB") &&
                                  Catch::Contains("18.0 GiB (workload.resident)"));
  host.vms.front().memory = 3_GiB;
  CHECK(notes().empty());
  host.vms.front().memory = 4_GiB;
  host.vmm.architecture = Architecture::container;
  CHECK(notes().empty());
}

namespace {

// One node of four CPUs of 2 GHz.
HostDescription four_cpus() {
  HostDescription host = busy_host();
  host.hardware.sockets = 1;
  host.hardware.threads_per_core = 1;
  host.hardware.turbo.clear();
  host.hardware.l2.shared_by = 1;
  host.hardware.llc.shared_by = 4;
  host.hardware.links.clear();
  return host;
}

}  // namespace

TEST_CASE("a reservation is kept beside whole vCPUs, whatever the scheduler", "[host]") {
  HostDescription host = four_cpus();
  VmDescription vm;
  vm.name = "hog";
  vm.vcpus = 1;
  vm.memory = 256_MiB;
  host.vms.assign(2, vm);
  host.vms[0].name = "gold";
  host.vms[0].reservation = sim::Hertz{1.5e9};  // of a CPU of 2 GHz
  for (const SchedulerKind kind :
       {SchedulerKind::eevdf, SchedulerKind::cfs, SchedulerKind::credit, SchedulerKind::credit2}) {
    host.vmm.scheduler = kind;
    for (const int hogs : {4, 8, 16}) {
      host.vms[1].count = hogs;
      INFO(static_cast<int>(kind) << ": " << hogs);
      const Results results = simulate(host, {.duration = 4_s, .warmup = 1_s}, {.seed = 1});
      CHECK(metric(results, "vm.gold.cpu.share") > 0.745 / 4);
    }
  }
}

TEST_CASE("reservations and limits hold in simulation within a hundredth", "[host]") {
  // Three guests of four vCPUs that spin: 8 GHz.
  HostDescription host = four_cpus();
  host.vmm.scheduler = SchedulerKind::eevdf;
  VmDescription vm;
  vm.vcpus = 4;
  vm.memory = 1_GiB;
  host.vms.clear();
  for (const char* name : {"reserved", "limited", "plain"}) {
    vm.name = name;
    host.vms.push_back(vm);
  }
  host.vms[0].reservation = sim::Hertz{4e9};
  host.vms[1].limit = sim::Hertz{1e9};
  // Water-filling: limited 1 GHz, reserved 4 (its share would be 3.5), plain the other 3.
  const Results results = simulate(host, {.duration = 4_s, .warmup = 1_s}, {.seed = 1});
  CHECK(metric(results, "vm.reserved.cpu.share") == Approx(4.0 / 8.0).margin(0.01));
  CHECK(metric(results, "vm.limited.cpu.share") == Approx(1.0 / 8.0).margin(0.01));
  CHECK(metric(results, "vm.plain.cpu.share") == Approx(3.0 / 8.0).margin(0.01));
  host.vms[2].reservation = sim::Hertz{5e9};
  CHECK_THROWS_WITH(check(host), Catch::Contains("9 GHz are reserved"));
}

TEST_CASE("quotas of vCPUs, emulators and I/O threads hold though the host is idle", "[host]") {
  HostDescription host = four_cpus();
  host.vmm.scheduler = SchedulerKind::cfs;
  VmDescription& vm = host.vms.front();
  vm.count = 1;
  vm.vcpus = 2;
  vm.workload = {};
  vm.cputune.quota = 30_ms;
  vm.cputune.period = 100_ms;
  const auto busy = [&] {  // of each vCPU's time
    const Results results = simulate(host, {.duration = 4_s, .warmup = 1_s}, {.seed = 1});
    return metric(results, "host.cpu.utilisation") * 4 / 2;
  };
  CHECK(busy() == Approx(0.3).epsilon(0.02));
  vm.cputune.global_quota = 40_ms;
  CHECK(busy() == Approx(0.4 / 2).epsilon(0.03));
  host.vmm.architecture = Architecture::xen;
  CHECK_THROWS_WITH(check(host), Catch::Contains("vm.guest.cputune: Xen caps whole domains"));
  host.vmm.architecture = Architecture::kvm;
  vm.cputune.iothread_quota = 1_us;
  CHECK_THROWS_WITH(check(host), Catch::Contains("cputune.iothread_quota: need at least 1 ms"));
  vm.cputune.iothread_quota = 0_us;
  vm.cputune.emulator_period = 2_s;
  CHECK_THROWS_WITH(check(host), Catch::Contains("cputune.emulator_period: need 1 ms to 1 s"));
}
