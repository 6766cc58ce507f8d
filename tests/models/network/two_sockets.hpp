// CPUs and buffers on either of two sockets (tests/models/sockets.hpp).
#pragma once

#include "models/network/own_cpu.hpp"
#include "tests/models/sockets.hpp"

namespace models::network {

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
