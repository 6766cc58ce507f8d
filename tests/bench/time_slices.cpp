// P2, our side: 128 CPU-bound guests on 64 CPUs, 3 ms slices, two shared memory controllers.
#include "models/host.hpp"
#include "tests/bench/bench.hpp"

namespace bench {
namespace {

using namespace sim::literals;

models::HostDescription host() {
  models::HostDescription host;
  host.hardware.sockets = 2;
  host.hardware.cores_per_node = 32;
  host.hardware.frequency = sim::Hertz{2.0e9};
  host.hardware.memory = 256_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 7_ns};
  host.hardware.llc = {.size = 48_MiB, .shared_by = 32, .latency = 25_ns};
  host.hardware.controller = {.channels = 8,
                              .channel_bandwidth = sim::BytesPerSecond{25.6e9},
                              .efficiency = 0.8,
                              .latency = 90_ns,
                              .queueing = {}};
  host.hardware.links = {{.from = 0,
                          .to = 1,
                          .kind = "upi",
                          .bandwidth = sim::BytesPerSecond{20.8e9},
                          .efficiency = 0.7,
                          .latency = 50_ns}};
  // 0.75 ms x 4 = 3 ms: two guests a CPU share a period of 6 ms. Ticks at 1000 Hz fall on it.
  host.vmm.cfs.latency = 1500_us;
  host.vmm.cfs.min_granularity = 750_us;
  host.vmm.cfs.tick_hz = 1000;
  models::VmDescription guest;
  guest.name = "guest";
  guest.count = 128;
  guest.memory = 1_GiB;
  guest.pin.mode = models::PinMode::core;
  auto& profile = guest.workload.profile;
  profile.llc_accesses_per_kilo_instruction = 20;
  profile.miss_curve = models::compute::MissCurve({{0_KiB, 0.5}});
  profile.memory_level_parallelism = 4;
  profile.footprint = 1_MiB;
  host.vms.push_back(guest);
  return host;
}

}  // namespace

double our_slices_per_s() {
  const models::HostDescription description = host();
  const models::RunLength length{.duration = 10_s, .warmup = 100_ms};
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    double slices = 0;
    const double s = seconds_of([&] {
      for (const models::Metric& metric : models::simulate(description, length).metrics) {
        if (metric.name == "host.switches") slices = metric.value * sim::seconds(length.duration);
      }
    });
    rates.push_back(slices / s);
  }
  return median(rates);
}

}  // namespace bench
