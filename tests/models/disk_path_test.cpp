// The stages of a guest's disk, put together.
#include "models/disk_path.hpp"

#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "models/storage/image/qcow2.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

// A guest that reads or writes 64 places of a qcow2 image of 1 GiB, opened before and closed after.
HostDescription one_guest(double read_share) {
  HostDescription host;
  host.hardware.sockets = 1;
  host.hardware.cores_per_node = 4;
  host.hardware.threads_per_core = 1;
  host.hardware.frequency = sim::Hertz{2e9};
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  host.hardware.memory = 8_GiB;
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  host.hardware.controller.latency = 90_ns;
  HostDisk disk;
  disk.name = "ram";
  disk.device.kind = storage::device::Kind::memory;
  disk.device.capacity = 8_GiB;
  host.storage.disks.push_back(disk);
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 1_GiB;
  DiskDescription own;
  own.on = "ram";
  own.size = 1_GiB;
  own.image.format = storage::image::Format::qcow2;
  own.image.preallocation = storage::image::Preallocation::off;
  vm.disks.push_back(own);
  vm.workload.idle = true;
  vm.workload.io = {.jobs = 1, .read_share = read_share, .requests = 64};
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 100_ms, .warmup = {}}, {.seed = 1, .check = true});
}

}  // namespace

TEST_CASE("the file of a qcow2 image has room for its tables, a raw one is as large as the disk") {
  DiskDescription disk;
  disk.size = 1_GiB;
  CHECK(DiskPath::largest_file(disk) == 1_GiB);
  disk.image.format = storage::image::Format::qcow2;
  CHECK(DiskPath::largest_file(disk) > 1_GiB);
  CHECK(DiskPath::largest_file(disk) < 2_GiB);
  disk.image.snapshots = 1;
  CHECK(DiskPath::largest_file(disk) > 2_GiB);
  disk.size = {};
  CHECK(DiskPath::largest_file(disk) == sim::Bytes{});  // a share of what it lies on
}

TEST_CASE("a disk of a given size shows all of it through qcow2") {
  HostDescription host = one_guest(0.0);
  host.vms.front().workload.io = {.jobs = 1,
                                  .read_share = 0.0,
                                  .pattern = workload::Pattern::sequential,
                                  .block = 256_KiB,
                                  .requests = 4096};
  const Results results = simulate(host, {.duration = 3_s, .warmup = {}}, {.seed = 1});
  // Each cluster of 64 KiB was written once, and stands in the file beside its tables.
  CHECK(metric(results, "vm.guest.image.written_bytes") > 1024.0 * 1024 * 1024);
  CHECK(metric(results, "vm.guest.image.zeroes") == 0);
}

TEST_CASE("an overlay's reads go to its backing file, of which writes read the rest of a cluster") {
  HostDescription host = one_guest(1.0);
  host.vms.front().disks.front().backing = "ram";
  const Results read = run(host);
  CHECK(metric(read, "vm.guest.backing.reads") > 64);  // its data, and its tables
  CHECK(metric(read, "vm.guest.backing.reads") < 80);
  CHECK(metric(read, "vm.guest.image.reads") < 12);  // opening it
  host.vms.front().workload.io.read_share = 0.0;
  const Results written = run(host);
  CHECK(metric(written, "vm.guest.backing.reads") > 64);
  CHECK(metric(written, "vm.guest.backing.read_bytes") > 64 * 60e3);
  CHECK(metric(written, "vm.guest.image.written_bytes") > 60 * 65536.0);
}
