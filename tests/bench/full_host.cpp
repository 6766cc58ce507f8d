// P3: simulated over wall time of a full host: 64 guests of two vCPUs on 64 cores, 250 Hz guest
// ticks, shared memory controllers, 5000 I/Os a second through qcow2 images on RAID 10 of four SATA
// solid-state disks, threads of QEMU and all; and the same host without disks.
// P4: cost of a guest's second at 16, 64, 256 and 1024 guests, cores in proportion.
// P6: resident memory that P3's host takes.
#include <sys/resource.h>

#include "models/host.hpp"
#include "tests/bench/bench.hpp"

namespace bench {
namespace {

using namespace sim::literals;

models::HostDescription host(int guests) {
  models::HostDescription host;
  // A core a guest on up to eight sockets, linked each to each; an LLC for each 32 cores at most.
  host.hardware.sockets = std::clamp(guests / 32, 1, 8);
  host.hardware.cores_per_node = guests / host.hardware.sockets;
  host.hardware.frequency = sim::Hertz{2.0e9};
  host.hardware.memory = 4_GiB * guests;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 7_ns};
  host.hardware.llc = {
      .size = 48_MiB, .shared_by = std::min(32, host.hardware.cores_per_node), .latency = 25_ns};
  host.hardware.controller = {.channels = std::max(1, host.hardware.cores_per_node / 4),
                              .channel_bandwidth = sim::BytesPerSecond{25.6e9},
                              .efficiency = 0.8,
                              .latency = 90_ns,
                              .queueing = {}};
  for (int from = 0; from < host.hardware.sockets; ++from) {
    for (int to = from + 1; to < host.hardware.sockets; ++to) {
      host.hardware.links.push_back({.from = from,
                                     .to = to,
                                     .kind = "upi",
                                     .bandwidth = sim::BytesPerSecond{20.8e9},
                                     .efficiency = 0.7,
                                     .latency = 50_ns});
    }
  }
  models::VmDescription guest;
  guest.name = "guest";
  guest.count = guests;
  guest.vcpus = 2;
  guest.memory = 2_GiB;
  guest.clock.tick_hz = 250;
  guest.workload.burst = sim::Instructions{20'000'000};
  guest.workload.block = 10_ms;
  guest.workload.wake = models::workload::WakeSource::timer;
  guest.workload.io.jobs = 2;
  guest.workload.io.arrivals = sim::Hertz{5'000.0 / 64};
  guest.workload.io.read_share = 0.7;
  guest.workload.io.submit = sim::Instructions{10'000};
  guest.workload.io.complete = sim::Instructions{8'000};
  models::DiskDescription& disk = guest.disks.emplace_back();
  disk.on = "array0";
  disk.image = {.format = models::storage::image::Format::qcow2,
                .preallocation = models::storage::image::Preallocation::metadata};
  auto& profile = guest.workload.profile;
  profile.llc_accesses_per_kilo_instruction = 10;
  profile.miss_curve = models::compute::MissCurve({{512_KiB, 0.5}, {8_MiB, 0.2}});
  profile.memory_level_parallelism = 2;
  profile.write_back_fraction = 0.3;
  profile.footprint = 8_MiB;
  host.vms.push_back(guest);
  // An array for each 64 guests.
  models::HostDisk& disks = host.storage.disks.emplace_back();
  disks.name = "ssd";
  disks.count = 4 * std::max(1, guests / 64);
  disks.device.kind = models::storage::device::Kind::flash;
  disks.device.capacity = sim::Bytes{std::int64_t{2} << 40};
  models::HostArray& array = host.storage.arrays.emplace_back();
  array.name = "array0";
  array.disks = {"ssd"};
  array.raid.level = models::storage::raid::Level::raid10;
  array.raid.rotational = false;
  return host;
}

double wall_s(const models::HostDescription& description, sim::Duration simulated) {
  return seconds_of([&] { models::simulate(description, {.duration = simulated, .warmup = {}}); });
}

}  // namespace

double full_host_speed() {
  std::vector<double> speeds;
  for (int round = 0; round < 3; ++round) speeds.push_back(60.0 / wall_s(host(64), 60_s));
  return median(speeds);
}

double host_without_disks_speed() {
  models::HostDescription without = host(64);
  without.vms.front().disks.clear();
  without.vms.front().workload.io = {};
  without.storage = {};
  std::vector<double> speeds;
  for (int round = 0; round < 3; ++round) speeds.push_back(60.0 / wall_s(without, 60_s));
  return median(speeds);
}

double growth() {
  std::vector<double> small;
  for (int round = 0; round < 5; ++round) small.push_back(wall_s(host(16), 20_s) / 16);
  const double base = median(small);
  double worst = 0.0;
  for (const int guests : {64, 256, 1024}) {
    worst = std::max(worst, wall_s(host(guests), 2_s) * 10 / guests / base);
  }
  return worst;
}

double peak_resident_MiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace bench
