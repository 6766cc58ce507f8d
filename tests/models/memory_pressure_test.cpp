// A host that runs short of memory: who waits, who is merged, who is killed.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;
using tests::share;

namespace {

HostDescription host_of(std::int64_t gib, int guests) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 4;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = sim::Bytes{gib << 30};
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  VmDescription vm;
  vm.name = "guest";
  vm.count = guests;
  vm.memory = 1_GiB;
  vm.workload.name = "test";
  vm.workload.content[memory::Content::zero].share = 0.1;
  vm.workload.content[memory::Content::image].share = 0.3;
  vm.workload.content[memory::Content::cold].share = 0.3;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 1_s, .warmup = 500_ms}, {.seed = 3, .check = true});
}

}  // namespace

TEST_CASE("more guests than memory are refused until something is to give", "[pressure]") {
  HostDescription host = host_of(4, 6);
  CHECK_THROWS_WITH(check(host), Catch::Contains("host.swap.size"));
  host.hardware.swap.size = 8_GiB;
  CHECK_NOTHROW(check(host));
}

TEST_CASE("hugepages reserved for more guests than there is memory are refused", "[pressure]") {
  HostDescription host = host_of(4, 6);
  host.hardware.swap.size = 8_GiB;
  VmDescription& guests = host.vms.front();
  guests.workload.resident = 512_MiB;
  guests.host_pages.coverage = 1.0;
  CHECK_THROWS_WITH(check(host), Catch::Contains("6.0 GiB of hugepages are reserved"));
  host.hardware.swap.size = {};  // what guests touch would fit
  CHECK_THROWS_WITH(check(host), Catch::Contains("6.0 GiB of hugepages are reserved"));
  guests.count = 3;
  CHECK_NOTHROW(check(host));
}

TEST_CASE("guests on swap wait for pages, and a faster device shortens it", "[pressure]") {
  HostDescription host = host_of(3, 6);
  host.hardware.swap.size = 8_GiB;
  host.hardware.swap.latency = 5_ms;
  const Results disk = run(host);
  CHECK(disk.violations.empty());
  CHECK(metric(disk, "host.swap.used") > 2.9 * (1 << 30));
  CHECK(metric(disk, "vm.guest.faults") > 1.0);
  CHECK(share(disk, Cause::swap_in) > 0.05);
  CHECK(metric(disk, "vm.guest.cpu.share") == Approx(1.0));  // waiting takes no CPU
  host.hardware.swap.latency = 100_us;
  const Results flash = run(host);
  CHECK(share(flash, Cause::swap_in) < share(disk, Cause::swap_in));
  host.without.insert(Mechanism::swap_in);
  CHECK(share(run(host), Cause::swap_in) == 0.0);
}

TEST_CASE("merging spares a host of similar guests its swap, and burns a CPU for it",
          "[pressure]") {
  HostDescription host = host_of(5, 6);
  host.hardware.swap.size = 8_GiB;
  host.vms.front().age = 3600_s;
  host.vmm.ksm.run = true;
  host.vmm.ksm.pages_to_scan = 1000;
  const Results merging = run(host);
  CHECK(merging.violations.empty());
  CHECK(metric(merging, "host.swap.used") == Approx(0.0).margin(1e6));
  CHECK(metric(merging, "ksm.pages_sharing") > 300'000);
  CHECK(metric(merging, "ksm.cpu") > 0.02);
  host.without.insert(Mechanism::ksm);
  CHECK(metric(run(host), "host.swap.used") > 0.9 * (1 << 30));
}

TEST_CASE("the scanner's thread competes for CPUs like any other", "[pressure]") {
  HostDescription host = host_of(16, 12);  // three guests a CPU
  host.vmm.ksm.run = true;
  host.vmm.ksm.pages_to_scan = 20'000;
  const Results crowded = run(host);
  CHECK(crowded.violations.empty());
  host.vms.front().count = 2;
  const Results roomy = run(host);
  CHECK(metric(crowded, "ksm.cpu") < 0.7 * metric(roomy, "ksm.cpu"));
}

TEST_CASE("a host without room kills the largest guest, says why, and goes on", "[pressure]") {
  HostDescription host = host_of(4, 6);
  host.hardware.swap.size = 1_GiB;
  const Results results = run(host);
  CHECK(results.violations.empty());
  CHECK(metric(results, "vm.guest.killed") >= 1);
  REQUIRE_FALSE(results.notes.empty());
  CHECK_THAT(results.notes.front(), Catch::Contains("was killed: the host has used all of its"));
  CHECK(metric(results, "vm.guest.throughput") > 0);
}

TEST_CASE("a page that is written breaks off, and its writer pays", "[pressure]") {
  HostDescription host = host_of(8, 4);
  host.vms.front().age = 3600_s;
  host.vms.front().workload.content[memory::Content::image].rewrite_s = 30.0;
  host.vmm.ksm.run = true;
  host.vmm.ksm.pages_to_scan = 5000;
  CHECK(share(run(host), Cause::page_faults) > 0.001);
}

TEST_CASE("contradictions of memory settings are refused", "[pressure]") {
  HostDescription host = host_of(8, 2);
  VmDescription& vm = host.vms.front();
  vm.balloon.mode = BalloonMode::target;
  CHECK_THROWS_WITH(check(host), Catch::Contains("balloon.target"));
  vm.balloon.target = 512_MiB;
  CHECK_NOTHROW(check(host));
  vm.host_pages.coverage = 1.0;
  CHECK_THROWS_WITH(check(host), Catch::Contains("hugepages"));
  vm.host_pages.coverage = 0.8;
  vm.memory_tune.limit = 512_MiB;
  vm.memory_tune.reservation = 600_MiB;
  CHECK_THROWS_WITH(check(host), Catch::Contains("above memory_tune.limit"));
}

TEST_CASE("a thousand guests are as many classes, not as many pages", "[pressure]") {
  HostDescription host = host_of(2048, 1024);
  host.vms.front().memory = 4_GiB;
  host.vms.front().workload.idle = true;
  host.vms.front().age = 3600_s;
  host.hardware.swap.size = 4096_GiB;
  host.hardware.swap.write_rate = sim::BytesPerSecond{4e9};
  const Results results = run(host);
  CHECK(results.violations.empty());
  CHECK(metric(results, "host.swap.used") > 1e12);
}

TEST_CASE("guests on another node read merged pages there, unless nodes merge for themselves",
          "[pressure]") {
  HostDescription host = host_of(16, 1);
  host.hardware.sockets = 2;
  host.hardware.links = {
      {.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{10e9}, .latency = 60_ns}};
  host.vmm.ksm = {.run = true, .pages_to_scan = 20'000};
  VmDescription& first = host.vms.front();
  first.age = 600_s;
  first.workload.profile.llc_accesses_per_kilo_instruction = 20;
  first.workload.profile.miss_curve = compute::MissCurve{{{256_KiB, 0.9}, {8_MiB, 0.8}}};
  first.workload.profile.footprint = 512_MiB;
  first.workload.content[memory::Content::image] = {0.6, 86400.0, 1.0};
  first.workload.content[memory::Content::hot].reuse_s = 1.0;
  first.pin = {.mode = PinMode::cpus, .cpus = {{0}}};
  first.numa = {.mode = NumaMode::strict, .nodes = {0}};
  VmDescription second = first;
  second.name = "other";
  second.pin.cpus = {{4}};
  second.numa.nodes = {1};
  host.vms.push_back(second);
  const Results across = run(host);
  CHECK(across.violations.empty());
  CHECK(metric(across, "ksm.pages_sharing") > 150'000);
  CHECK(metric(across, "vm.guest.memory.remote") > 0.3);  // the second of them found the twins
  CHECK(metric(across, "vm.other.memory.remote") < 0.05);
  host.vmm.ksm.merge_across_nodes = false;
  const Results each = run(host);
  CHECK(metric(each, "vm.guest.memory.remote") == Approx(0.0).margin(0.01));
  CHECK(metric(each, "vm.guest.throughput") > 1.02 * metric(across, "vm.guest.throughput"));
}

TEST_CASE("a container's memory is merged where its processes ask for it", "[pressure]") {
  HostDescription host = host_of(8, 4);
  host.vmm.architecture = Architecture::container;
  host.vmm.ksm = {.run = true, .pages_to_scan = 20'000};
  host.vms.front().age = 600_s;
  CHECK(metric(run(host), "ksm.pages_sharing") == 0);
  host.vms.front().memory_tune.mergeable = true;
  CHECK(metric(run(host), "ksm.pages_sharing") > 100'000);
}

TEST_CASE("two who set the scanner's pace are refused", "[pressure]") {
  HostDescription host = host_of(8, 4);
  host.vmm.ksm = {.run = true, .tuned = true, .advisor = {.run = true}};
  CHECK_THROWS_WITH(check(host), Catch::Contains("need one of them at most"));
  host.vmm.ksm.tuned = false;
  CHECK_NOTHROW(check(host));
  host.vmm.ksm.advisor.min_pages = 40'000;
  CHECK_THROWS_WITH(check(host), Catch::Contains("min_pages 40000 is more than max_pages 30000"));
}

TEST_CASE("a guest that is killed while it waits for its CPU leaves that to others", "[pressure]") {
  HostDescription host = host_of(8, 24);
  host.hardware.cores_per_node = host.hardware.llc.shared_by = 1;
  HostDisk& disk = host.storage.disks.emplace_back();
  disk.name = "ram";
  disk.device.kind = storage::device::Kind::memory;
  disk.device.capacity = 64_GiB;
  VmDescription& victim = host.vms.front();
  victim.memory_tune.limit = 16_MiB;
  victim.workload.touch_rate = sim::BytesPerSecond{500e6};
  victim.workload.io.jobs = 2;
  victim.workload.io.depth = 8;
  victim.disks.emplace_back().on = "ram";
  VmDescription hog;
  hog.name = "hog";
  hog.memory = 64_MiB;
  host.vms.push_back(hog);
  const Results results =
      simulate(host, {.duration = 1_s, .warmup = 4_s}, {.seed = 3, .check = true});
  CHECK(results.violations.empty());
  CHECK(metric(results, "vm.guest.killed") == 24);
  CHECK(metric(results, "vm.hog.cpu.utilisation") > 0.95);
  CHECK(metric(results, "vm.hog.cpu.steal") < 0.05);
  CHECK(metric(results, "vm.guest.io.rate") == 0);
}
