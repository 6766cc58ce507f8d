// Live migration of VMs with disks: on a storage server, or copied.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;

namespace {

constexpr double kMiB = 1024.0 * 1024;

HostDisk memory_disk(const std::string& name) {
  HostDisk disk;
  disk.name = name;
  disk.device.kind = storage::device::Kind::memory;
  disk.device.capacity = 256_MiB;
  disk.device.memory.service = 100_us;
  disk.device.memory.copy_rate = sim::BytesPerSecond{1e15};
  disk.device.memory.parallel = 64;
  return disk;
}

// A guest of 256 MiB that writes nothing to its memory and reads 4 KiB at random, on a local disk
// of 256 MiB, moves after 100 ms to a host alike. Ports carry 1 GB/s of payload.
HostDescription two_hosts() {
  HostDescription host;
  host.hardware.cores_per_node = 4;
  host.hardware.frequency = sim::Hertz{2e9};
  host.hardware.memory = 8_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  host.hardware.controller.latency = 90_ns;
  host.vmm.migration = {
      .send_page = {}, .zero_page = {}, .load_page = {}, .sync_page = {}, .switch_over = {}};
  host.storage.disks.push_back(memory_disk("sda"));
  host.network = {
      .bandwidth = sim::BytesPerSecond{1e9 * 1538 / 1448}, .latency = 10_us, .switching = {}};
  HostDescription other = host;
  other.name = "b";
  host.others.push_back(other);
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 256_MiB;
  vm.workload.idle = true;
  vm.workload.content[memory::Content::hot].rewrite_s = 1e12;
  vm.workload.io = {.jobs = 1};
  DiskDescription& disk = vm.disks.emplace_back();
  disk.on = "sda";
  disk.size = 256_MiB;
  host.vms.push_back(vm);
  host.migrations.push_back(
      {.vm = "guest", .to = "b", .at = 100_ms, .storage = MigrationDescription::Storage::copy});
  host.without = {Mechanism::ticks};
  return host;
}

HostDescription on_a_server(HostDescription host) {
  StorageServer server = standard_server(StorageProtocol::iscsi);
  server.name = "san";
  server.storage.disks.push_back(memory_disk("lun"));
  host.servers.push_back(server);
  host.vms.front().disks.front().on = "san.lun";
  host.migrations.front().storage = MigrationDescription::Storage::shared;
  return host;
}

Results run(const HostDescription& host, sim::Duration duration = 2_s) {
  return simulate(host, {.duration = duration, .warmup = 50_ms}, {.seed = 3, .check = true});
}

double metric(const Results& results, const std::string& name) {
  CHECK(results.violations == std::vector<std::string>{});
  return tests::metric(results, name);
}

}  // namespace

TEST_CASE("of a VM whose disk is on a storage server only memory moves", "[migration]") {
  HostDescription host = on_a_server(two_hosts());
  const Results moved = run(host);
  CHECK(metric(moved, "migration.guest.completed") == 1);
  CHECK(metric(moved, "migration.guest.transferred") == Approx(256 * kMiB).epsilon(0.01));
  CHECK(metric(moved, "migration.guest.downtime") < 0.01);
  host.migrations.front().at = 10_s;  // never
  const double still = metric(run(host), "vm.guest.io.rate");
  CHECK(metric(moved, "vm.guest.io.rate") == Approx(still).epsilon(0.03));
  CHECK(metric(moved, "storage.san.requests") == Approx(still).epsilon(0.03));
}

TEST_CASE("a local disk is copied, then memory", "[migration]") {
  const Results results = run(two_hosts());
  CHECK(metric(results, "migration.guest.completed") == 1);
  // 256 extents of 1 MiB, each with a header.
  CHECK(metric(results, "migration.guest.storage.transferred") == 256 * (kMiB + 28));
  CHECK(metric(results, "migration.guest.storage.time") == Approx(256 * kMiB / 1e9).epsilon(0.02));
  CHECK(metric(results, "migration.guest.time") == Approx(2 * 256 * kMiB / 1e9).epsilon(0.02));
  CHECK(metric(results, "vm.guest.io.rate") > 1'000);
}

TEST_CASE("what a guest writes while its disk is copied is copied again", "[migration]") {
  HostDescription host = two_hosts();
  host.vms.front().workload.io = {.jobs = 1, .read_share = 0.0, .think = 1_ms};
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.completed") == 1);
  // Some 800 granules a second, during half a second: before its turn a granule costs nothing.
  CHECK(metric(results, "migration.guest.storage.transferred") > 1.03 * 256 * kMiB);
  CHECK(metric(results, "migration.guest.storage.transferred") < 1.2 * 256 * kMiB);
  CHECK(metric(results, "migration.guest.downtime") > 1e-4);
  CHECK(metric(results, "migration.guest.downtime") < 0.02);
}

TEST_CASE("a limit on bandwidth holds for disks, too", "[migration]") {
  HostDescription host = two_hosts();
  host.migrations.front().bandwidth = sim::BytesPerSecond{500e6};
  CHECK(metric(run(host), "migration.guest.storage.time") ==
        Approx(256 * kMiB / 500e6).epsilon(0.02));
}

TEST_CASE("a disk that is written faster than the network carries never gets there",
          "[migration]") {
  HostDescription host = two_hosts();
  host.network.bandwidth = sim::BytesPerSecond{100e6};
  host.vms.front().workload.io = {.jobs = 4, .read_share = 0.0, .block = 64_KiB};
  host.migrations.front().timeout = 4_s;
  const Results results = run(host, 6_s);
  CHECK(metric(results, "migration.guest.completed") == 0);
  REQUIRE(results.notes.size() == 1);
  CHECK(results.notes.front().find("was cancelled") != std::string::npos);
  CHECK(metric(results, "vm.guest.io.bandwidth") > 150e6);  // and goes on
}

TEST_CASE("disks that cannot move are refused with what to do", "[migration]") {
  HostDescription host = two_hosts();
  host.migrations.front().storage = MigrationDescription::Storage::shared;
  CHECK_THROWS_WITH(check(host), Catch::Contains("migrate.guest.storage: vm.guest.disk lies on") &&
                                     Catch::Contains("storage = \"copy\""));
  host = two_hosts();
  host.vms.front().disks.front().cache.mode = storage::cache::Mode::writeback;
  CHECK_THROWS_WITH(check(host), Catch::Contains("vm.guest.disk.cache"));
  host = two_hosts();
  host.others.front().storage.disks.clear();
  CHECK_THROWS_WITH(check(host), Catch::Contains("cluster.host.b: vm.guest.disk.on: no disk"));
}
