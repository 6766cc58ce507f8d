// One or two sockets of four CPUs each to test distances on: 15 ns to an LLC, 80 ns to memory, 50
// ns across.
#pragma once

#include "models/topology/topology.hpp"

namespace tests {

inline models::topology::Topology sockets(int count) {
  using namespace sim::literals;
  models::topology::Description description;
  description.sockets = count;
  description.cores_per_node = 4;
  description.threads_per_core = 1;
  description.frequency = sim::Hertz{2e9};
  description.memory = 16_GiB;
  description.l2 = {.size = 256_KiB, .shared_by = 1, .latency = 4_ns};
  description.llc = {.size = 8_MiB, .shared_by = 4, .latency = 15_ns};
  description.controller.channel_bandwidth = sim::BytesPerSecond{12.8e9};
  description.controller.latency = 80_ns;
  if (count == 2) {
    description.links = {{.from = 0,
                          .to = 1,
                          .kind = "qpi",
                          .bandwidth = sim::BytesPerSecond{16e9},
                          .efficiency = 0.65,
                          .latency = 50_ns}};
  }
  return models::topology::Topology{description};
}

}  // namespace tests
