// A host for tests of memory: two sockets of eight cores, a controller of 10 GB/s each, a link of
// 4 GB/s a direction between them.
#pragma once

#include "models/topology/topology.hpp"

inline models::topology::Description two_nodes() {
  using namespace sim::literals;
  models::topology::Description d;
  d.sockets = 2;
  d.cores_per_node = 8;
  d.frequency = sim::Hertz{2e9};
  d.llc = {.size = 16_MiB, .shared_by = 8, .latency = 20_ns};
  d.l2 = {.size = 256_KiB, .shared_by = 1, .latency = 5_ns};
  d.memory = 64_GiB;
  d.controller = {.channels = 1,
                  .channel_bandwidth = sim::BytesPerSecond{10e9},
                  .efficiency = 1.0,
                  .latency = 100_ns,
                  .queueing = {sim::Duration{25'000}, 0.5}};
  d.links = {{.from = 0,
              .to = 1,
              .kind = "qpi",
              .bandwidth = sim::BytesPerSecond{4e9},
              .efficiency = 1.0,
              .latency = 60_ns}};
  return d;
}
