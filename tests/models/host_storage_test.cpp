// What the host's arrays report of a run.
#include "models/host_storage.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

// A container that writes 4 KiB at random places of an array of eight memory disks.
HostDescription writer(storage::raid::Level level) {
  HostDescription host;
  host.hardware.sockets = 1;
  host.hardware.cores_per_node = 2;
  host.hardware.threads_per_core = 1;
  host.hardware.frequency = sim::Hertz{2e9};
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  host.hardware.memory = 8_GiB;
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  host.hardware.controller.latency = 90_ns;
  host.vmm.architecture = Architecture::container;
  HostDisk disk;
  disk.name = "ram";
  disk.count = 8;
  disk.device.kind = storage::device::Kind::memory;
  disk.device.capacity = 64_GiB;
  host.storage.disks.push_back(disk);
  HostArray array;
  array.name = "md0";
  array.disks = {"ram"};
  array.raid.level = level;
  host.storage.arrays.push_back(array);
  VmDescription vm;
  vm.name = "writer";
  vm.memory = 1_GiB;
  vm.disks.emplace_back().on = "md0";
  vm.workload.idle = true;
  vm.workload.io = {.jobs = 1, .read_share = 0.0};
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 20_ms, .warmup = 2_ms}, {.seed = 1, .check = true});
}

}  // namespace

TEST_CASE("a small write takes four I/Os of the disks on RAID 5, two on RAID 10, one on RAID 0") {
  using storage::raid::Level;
  const auto amplification = [](Level level) {
    return metric(run(writer(level)), "host.array.md0.amplification");
  };
  CHECK(amplification(Level::raid5) == Approx(4).margin(0.02));
  CHECK(amplification(Level::raid10) == Approx(2).margin(0.02));
  CHECK(amplification(Level::raid0) == Approx(1).margin(0.02));
}

// md delays what nobody waits for until no small write is gathered; QEMU waits for all it submits.
TEST_CASE("a guest's write-back gets through to RAID 5 beside another's small writes") {
  HostDescription host = writer(storage::raid::Level::raid5);
  host.vmm.architecture = Architecture::kvm;
  host.storage.disks.front().device.memory.service = 200_us;
  host.vms.front().workload.io.depth = 16;
  VmDescription& buffered = host.vms.emplace_back(host.vms.front());
  buffered.name = "buffered";
  buffered.workload.io.depth = 1;
  buffered.workload.io.direct = false;
  buffered.disks.front().guest_cache.size = 256_KiB;
  CHECK(metric(run(host), "vm.buffered.io.rate") > 1000);
}

TEST_CASE("an array's writes are those of its guests, and no disk is read for a mirror") {
  const Results results = run(writer(storage::raid::Level::raid10));
  CHECK(metric(results, "host.array.md0.writes") ==
        Approx(metric(results, "vm.writer.io.rate")).epsilon(0.01));
  CHECK(metric(results, "host.array.md0.reads") == 0);
  CHECK(metric(results, "host.array.md0.member_reads") == 0);
  CHECK(metric(results, "host.array.md0.usable") == 0.5);
  CHECK(metric(results, "host.array.md0.tolerates") == 1);
  CHECK(metric(results, "host.array.md0.state") == 0);
  CHECK(metric(results, "host.array.md0.rebuild.progress") == 1);
}

TEST_CASE("of unlike disks an array uses what the smallest has of each") {
  HostDescription host = writer(storage::raid::Level::raid5);
  host.storage.disks.front().count = 4;
  HostDisk& large = host.storage.disks.emplace_back(host.storage.disks.front());
  large.name = "large";
  large.count = 2;
  large.device.capacity = 256_GiB;
  host.storage.arrays.front().disks = {"ram", "large"};
  CHECK(metric(run(host), "host.array.md0.usable") ==
        Approx(5 * 64.0 / (4 * 64.0 + 2 * 256.0)).epsilon(1e-3));
}

TEST_CASE("an array with a failed disk is degraded, with a spare it is rebuilt") {
  HostDescription host = writer(storage::raid::Level::raid5);
  storage::raid::Description& raid = host.storage.arrays.front().raid;
  raid.failed = {0};
  CHECK(metric(run(host), "host.array.md0.state") == 2);
  raid.spares = 1;
  const Results rebuilt = run(host);
  CHECK(metric(rebuilt, "host.array.md0.state") == 3);
  CHECK(metric(rebuilt, "host.array.md0.rebuild.progress") < 0.01);
  CHECK(metric(rebuilt, "host.array.md0.usable") == Approx(6.0 / 7));  // the spare counts not
}

TEST_CASE("a run that a controller's cache only fills in says so") {
  HostDescription host = writer(storage::raid::Level::raid5);
  host.storage.disks.front().device.memory.service = 1_ms;
  const auto says = [&] {
    const Results results = run(host);
    return std::any_of(results.notes.begin(), results.notes.end(), [](const std::string& note) {
      return note.starts_with("the cache of array md0's controller kept");
    });
  };
  CHECK_FALSE(says());
  host.storage.arrays[0].raid.hardware.present = true;
  CHECK(says());
}

TEST_CASE("a backing file is one of the host's disks, and of qcow2 only") {
  HostDescription host = writer(storage::raid::Level::raid0);
  host.vmm.architecture = Architecture::kvm;
  DiskDescription& disk = host.vms.front().disks.front();
  disk.backing = "golden";
  CHECK_THROWS_WITH(run(host), Catch::Contains("vm.writer.disk.backing: no disk, array or volume "
                                               "is named \"golden\"") &&
                                   Catch::Contains("a raw image has no backing file"));
}

TEST_CASE("of alike disks each goes by its number: two arrays of one shelf") {
  HostDescription host = writer(storage::raid::Level::raid10);
  host.storage.arrays[0].disks = {"ram0", "ram1", "ram2", "ram3"};
  HostArray second;
  second.name = "md1";
  second.disks = {"ram4", "ram5", "ram6"};
  second.raid.level = storage::raid::Level::raid5;
  host.storage.arrays.push_back(second);
  host.vms.front().disks.front().on = "md1";
  const Results results = run(host);
  CHECK(metric(results, "host.array.md1.writes") > 0);
  CHECK(metric(results, "host.array.md0.writes") == 0);
  host.vms.front().disks.front().on = "ram7";
  CHECK(metric(run(host), "vm.writer.io.rate") > 0);
  host.storage.arrays[1].disks = {"ram"};
  CHECK_THROWS_WITH(run(host),
                    Catch::Contains("host.array.md1.disks: \"ram0\" belongs to another array"));
}

// Each of eight jobs waits for the flush under way, and for the next; with a queue for each CPU for
// its own alone.
TEST_CASE("a disk with one queue flushes once at a time") {
  const auto durable_writes = [](bool sata) {
    HostDescription host = writer(storage::raid::Level::raid0);
    host.storage.arrays.clear();
    HostDisk& disk = host.storage.disks.front();
    disk.name = "ssd";
    disk.count = 1;
    disk.device.kind = storage::device::Kind::flash;
    disk.device.flash.flush = 1_ms;
    disk.device.flash.full_duplex = !sata;
    host.vms.front().disks.front().on = "ssd";
    host.vms.front().workload.io = {.jobs = 8, .read_share = 0.0, .sync_every = 1};
    return metric(run(host), "vm.writer.io.rate");
  };
  CHECK(durable_writes(true) < 0.8 * durable_writes(false));
  CHECK(durable_writes(true) >= 0.49 * durable_writes(false));  // two flushes at most
}
