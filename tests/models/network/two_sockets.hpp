// Two sockets to test distances on: four CPUs each, 15 ns to an LLC, 80 ns to memory, 50 ns across.
#pragma once

#include "models/network/own_cpu.hpp"
#include "models/topology/topology.hpp"

namespace models::network {

inline topology::Topology two_sockets() {
  topology::Description description;
  description.sockets = 2;
  description.cores_per_node = 4;
  description.threads_per_core = 1;
  description.frequency = sim::Hertz{2e9};
  description.memory = sim::Bytes{1LL << 34};
  description.l2 = {.size = sim::Bytes{1 << 18}, .shared_by = 1, .latency = sim::Duration{4'000}};
  description.llc = {.size = sim::Bytes{1 << 23}, .shared_by = 4, .latency = sim::Duration{15'000}};
  description.controller.channel_bandwidth = sim::BytesPerSecond{12.8e9};
  description.controller.latency = sim::Duration{80'000};
  description.links = {{.from = 0,
                        .to = 1,
                        .kind = "qpi",
                        .bandwidth = sim::BytesPerSecond{16e9},
                        .efficiency = 0.65,
                        .latency = sim::Duration{50'000}}};
  return topology::Topology{description};
}

inline constexpr int kFirstCpu = 0;   // of node 0
inline constexpr int kSecondCpu = 4;  // of node 1

struct CpuAt : OwnCpu {
  CpuAt(sim::Engine& engine, int of) : OwnCpu{engine}, number{of} {}
  int cpu() const override { return number; }
  int number;
};

struct BuffersOn : Buffers {
  explicit BuffersOn(int of) : node{of} {}
  int next() override { return node; }
  int node;
};

}  // namespace models::network
