// The host's NICs, the guests' NICs and the machine at the other end, as their owner states them.
#pragma once

#include <string>

#include "models/network/guest_nic.hpp"
#include "models/network/nic.hpp"
#include "models/network/stack.hpp"
#include "models/network/switch.hpp"
#include "sim/units.hpp"

namespace models {

struct NicDescription {
  network::NicConfig nic;
  std::string slot{};  // of host.slot; empty: PCI Express never queues
  int lanes = 8;
  int generation = 3;
  int node = -1;  // whose CPUs take its interrupts; -1: its slot's, or 0
};

// host: a container that uses the host's own stack; automatic: that for containers, a bridge for
// guests.
enum class NicMode { automatic, bridge, routed, nat, isolated, host };

struct GuestNicDescription {
  std::string on;  // a NIC of the host; empty: the first
  network::GuestNicModel model = network::GuestNicModel::vhost;
  NicMode mode = NicMode::automatic;
  int queues = 1;
  int ring = 256;         // descriptors, either direction
  int tap_queue = 1'000;  // buffers
  bool offloads = true;   // bursts of 64 KiB cross it whole
  bool zero_copy = false;
};

// A machine at the other end of each NIC's cable, whose CPUs are no bottleneck: every connection
// has one for its program and one for its softirq.
struct PeerDescription {
  sim::Hertz clock{3e9};
  sim::Duration wake{7'000'000};            // of its sleeping threads: switch 2 us, wake-up 5 us
  sim::Duration interrupt_wake{1'000'000};  // of a CPU that sleeps, by an interrupt
  sim::Duration cable{1'000'000};           // 1 us: with a switch
};

// What the kernels' network paths cost, host and guests alike.
struct NetworkCosts {
  network::StackCosts stack{};
  network::DriverCosts driver{};
  network::SwitchCosts forwarding{};
  network::BackendCosts backend{};
};

}  // namespace models
