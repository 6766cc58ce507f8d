#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "models/host.hpp"
#include "sim/error.hpp"
#include "tests/models/results_of.hpp"

using namespace models;
using namespace sim::literals;
using tests::metric;

namespace {

constexpr sim::Instructions kMinstr{1'000'000};

// CPUs of 1 GHz; nothing costs time but what a boot says: 10 ms of the VMM's process, 20 ms in the
// kernel, 16 ms of waits, 4 ms of init.
HostDescription host(int cpus) {
  HostDescription host;
  host.hardware.cores_per_node = cpus;
  host.hardware.frequency = sim::Hertz{1e9};
  host.hardware.memory = 8_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = cpus, .latency = 10_ns};
  host.hardware.controller = {.channels = 2,
                              .channel_bandwidth = sim::BytesPerSecond{12.8e9},
                              .efficiency = 0.8,
                              .latency = 80_ns,
                              .queueing = {}};
  host.without = {Mechanism::switch_cost, Mechanism::ticks, Mechanism::exits,
                  Mechanism::first_touch};
  host.vmm.boot.process = 10_ms;
  VmDescription& vm = host.vms.emplace_back();
  vm.name = "guest";
  vm.memory = 512_MiB;
  vm.host_pages = {.size = translation::PageSize::small, .coverage = 0.0};
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  workload::BootProfile& boot = vm.workload.boot;
  boot.kernel = kMinstr * 20;
  boot.wait = 16_ms;
  boot.init = kMinstr * 4;
  boot.memory = 64_MiB;
  return host;
}
constexpr double kAlone_s = 0.050;

Results run(const HostDescription& host, sim::Duration time = 2_s) {
  Results results = simulate(host, {.duration = time, .warmup = 0_s}, {.check = true});
  CHECK(results.violations == std::vector<std::string>{});
  return results;
}

double boot(const Results& results, const std::string& name) {
  return metric(results, "vm.guest.boot." + name);
}

}  // namespace

TEST_CASE("a boot takes what its parts take") {
  const Results results = run(host(1));
  CHECK(boot(results, "completed") == 1);
  CHECK(boot(results, "process") == Approx(0.010));
  CHECK(boot(results, "kernel") == Approx(0.036));
  CHECK(boot(results, "init") == Approx(0.004).epsilon(1e-4));
  CHECK(boot(results, "time.mean") == Approx(kAlone_s));
}

TEST_CASE("a memory page that is touched first costs an exit, its handling and its clearing") {
  HostDescription faulting = host(1);
  faulting.without.erase(Mechanism::first_touch);
  faulting.vmm.fault = {
      .handle = sim::Cycles{3'000}, .clear_page = sim::Cycles{500}, .locked = sim::Cycles{0}};
  // 8 MiB of struct pages, 512 + 256 KiB of tables, 64 MiB: 18,624 pages of 3.5 us
  CHECK(boot(run(faulting), "time.mean") == Approx(kAlone_s + 18'624 * 3.5e-6).epsilon(1e-3));
  faulting.vms[0].host_pages = {.size = translation::PageSize::large, .coverage = 0.5};
  // half of them in 18.2 large pages
  CHECK(boot(run(faulting), "time.mean") ==
        Approx(kAlone_s + 18'624 * 0.5e-6 + (9'312 + 18.2) * 3.0e-6).epsilon(1e-3));
}

TEST_CASE("probes go to the VMM's process: an exit each, and the way there") {
  HostDescription probing = host(1);
  probing.without.erase(Mechanism::exits);
  probing.hardware.vm_round_trip = sim::Cycles{1'000};
  const double before = boot(run(probing), "time.mean");
  probing.vms[0].workload.boot.probes = 1'600;
  const double each = 1'000 + 400 + 7'000;  // vmm::ExitCosts
  CHECK(boot(run(probing), "time.mean") == Approx(before + 1'600 * each * 1e-9).epsilon(1e-3));
}

TEST_CASE("guests that boot at once share CPUs") {
  HostDescription four = host(1);
  four.vms[0].count = 4;
  // 34 ms of work each on one CPU
  CHECK(boot(run(four), "time.p99") > 0.95 * 4 * 0.034);
  HostDescription apart = four;
  apart.vms[0].stagger = 100_ms;
  CHECK(boot(run(apart), "time.p99") == Approx(kAlone_s).epsilon(0.02));
}

TEST_CASE("guests that start at once queue for locks of the host") {
  HostDescription locked = host(8);
  locked.vms[0].count = 4;
  locked.vmm.boot.exclusive = 20_ms;
  // 20, 40, 60, 80 ms
  CHECK(boot(run(locked), "time.mean") == Approx(kAlone_s + 0.050).epsilon(1e-3));
}

TEST_CASE("a start that waits for a grace period ends it with a tick") {
  HostDescription waiting = host(1);
  waiting.vmm.host_tick_hz = 250;
  waiting.vmm.boot.start_grace_periods = 1;
  // asked for at 10 ms, begun in the tick from 8 ms: over at 16, callbacks at 20 ms
  CHECK(boot(run(waiting), "process") == Approx(0.020));
}

TEST_CASE(
    "a guest whose init ends it gives its memory back, and the next one starts in its place") {
  HostDescription again = host(1);
  workload::BootProfile& profile = again.vms[0].workload.boot;
  profile.ends = true;
  again.vmm.boot.release_page = sim::Cycles{1'000};
  const double release_s = 18'624 * 1e-6;
  const Results once = run(again);
  CHECK(boot(once, "completed") == 1);
  CHECK(boot(once, "end") == Approx(release_s).epsilon(1e-3));
  profile.again = true;
  profile.between = 10_ms;
  CHECK(boot(run(again), "completed") == std::floor(2.0 / (kAlone_s + release_s + 0.010)));
}

TEST_CASE("what processes read comes from the guest's disk") {
  HostDescription reading = host(2);
  HostDisk& disk = reading.storage.disks.emplace_back();
  disk.name = "sda";
  disk.device.kind = storage::device::Kind::memory;
  disk.device.memory.service = 1_ms;
  disk.device.memory.copy_rate = sim::BytesPerSecond{1e15};
  disk.device.memory.parallel = 1;
  reading.vms[0].disks.emplace_back().on = "sda";
  reading.vms[0].workload.boot.read = 2_MiB;  // 32 blocks
  const Results alone = run(reading);
  const double alone_s = boot(alone, "init");
  const auto& share = alone.time.front().share;  // of 2 s: what it waits for is no idleness
  CHECK(share[static_cast<std::size_t>(Cause::storage)] == Approx(0.032 / 2).epsilon(0.05));
  CHECK(alone_s > 0.004 + 0.032);
  CHECK(alone_s < 0.004 + 0.040);
  reading.vms[0].count = 2;
  CHECK(boot(run(reading), "init") > 1.8 * 0.032);
}

TEST_CASE("a guest with work to do begins it when it is up") {
  HostDescription working = host(1);
  working.vms[0].workload.idle = false;
  working.vms[0].workload.unit = kMinstr;
  working.vms[0].start = 1_s;
  const Results results = run(working);
  // of 2 s, the second one less the boot; its own instructions are no units of work
  CHECK(metric(results, "vm.guest.throughput") ==
        Approx(1000 * (1.0 - kAlone_s) / 2).epsilon(0.02));
}

TEST_CASE("the VMM's memory grows with what the guest has touched, its code is there once") {
  HostDescription two = host(2);
  two.vms[0].count = 2;
  two.vmm.own_memory = {.code = 8_MiB, .machine = 4_MiB, .vcpu = 1_MiB};
  const Results results = run(two);
  // 72.75 MiB touched: 37 + 1 + 1 + 1 tables of each kind
  const double tables = 40 * (4096.0 + 184.0) + 40 * 4096.0;
  const double slots = 257 * 4.0;
  const double each = 5.0 * 1024 * 1024 + tables + slots;
  CHECK(metric(results, "vm.guest.vmm.tables") == tables);
  CHECK(metric(results, "vm.guest.vmm.memory") == each);
  CHECK(metric(results, "host.memory.vmm") == 2 * each + 8.0 * 1024 * 1024);
  CHECK(metric(results, "vm.guest.vmm.resident") == (72.75 + 5 + 8) * 1024 * 1024);
}

TEST_CASE("guests fill a host sooner by what their VMM needs") {
  HostDescription full = host(1);
  full.vms[0].workload = {};
  full.vms[0].workload.profile.base_cpi = 1.0;
  full.vms[0].count = 15;  // 7.5 of 8 GiB
  CHECK_NOTHROW(check(full));
  full.vmm.own_memory.machine = 40_MiB;
  CHECK_THROWS_WITH(check(full), Catch::Contains("the guests and their VMM use 8.1 GiB"));
}

TEST_CASE("what cannot be is refused") {
  HostDescription wrong = host(1);
  wrong.vms[0].workload.boot.again = true;
  CHECK_THROWS_WITH(check(wrong), Catch::Contains("workload.boot.again: needs workload.boot.ends"));
}

// The lowest clock is half the highest: what a core does before its first sample takes twice as
// long. The VMM's process gets 5 of its 10 ms done in 10; the guest follows it on the same core.
TEST_CASE("a guest that boots on a core that has slept is slower until that is awake") {
  HostDescription cold = host(4);
  cold.hardware.governor = topology::Governor::ondemand;
  cold.hardware.lowest_frequency = sim::Hertz{0.5e9};
  cold.vms.front().workload.boot.wait = {};
  HostDescription warm = cold;
  warm.without.insert(Mechanism::frequency_scaling);
  const double slower_s = boot(run(cold), "time.mean") - boot(run(warm), "time.mean");
  CHECK(slower_s == Approx(0.005).epsilon(0.01));
}

TEST_CASE("what has not come up yet took no time") {
  HostDescription one = host(1);
  const Results early = run(one, 20_ms);
  CHECK(boot(early, "completed") == 0);
  CHECK(std::none_of(early.metrics.begin(), early.metrics.end(), [](const Metric& metric) {
    return metric.name == "vm.guest.boot.time.mean";
  }));
}
