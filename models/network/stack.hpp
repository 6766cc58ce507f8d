// The sockets and TCP/IP of a machine: a guest, the host, or a client outside.
//
//   transmit: copy from the caller, segments of 64 KiB (TSO) or of one packet, device
//   send:     what comes in from below, through IP and TCP, to its socket
//
// Models  cost per call, per segment and per byte; acknowledgements as packets of their own;
//         connections whose lines are in other CPUs' caches: near, or behind another LLC.
// Omits   congestion control beyond traffic.hpp's window, IP fragments, netfilter in the guest.
// Source  costs.hpp.
// Checked tests/models/network/stack_test.cpp.
#pragma once

#include "models/network/costs.hpp"
#include "models/network/memory_distance.hpp"
#include "models/network/path.hpp"
#include "models/topology/topology.hpp"

namespace models::network {

struct StackConfig {
  StackCosts costs{};
  sim::Bytes mtu = kEthernetMtu;
  bool tso = true;  // the device below takes bursts
  sim::Hertz clock{3e9};
  // Exits of waking a thread on another vCPU: of the one that interrupts, and of the one that is
  // interrupted. None on bare metal.
  sim::Cycles interrupt_other{};
  sim::Cycles interrupted{};
  // What `costs.cold` is where the reader last ran behind another LLC than the softirq's.
  sim::Cycles cold_far{};
  const topology::Topology* topology = nullptr;  // of its CPUs; null: one LLC
  MemoryDistance distance{};
  Buffers* buffers = nullptr;  // of what it sends; null: on the node of the CPU that sends
};

class Stack : public Port {
 public:
  Stack(sim::Engine& engine, const StackConfig& config) : engine_{engine}, config_{config} {}
  void set_device(Port& device) { device_ = &device; }

  const StackConfig& config() const { return config_; }
  sim::Engine& engine() override { return engine_; }
  // Payload and ends of `batch` are given, packets and buffers found here. Requires a device.
  sim::Task<> transmit(Batch batch, Thread& on);
  // `count` datagrams of the batch's payload each. Requires a device.
  sim::Task<> datagrams(Batch batch, int count, Thread& on);
  // The same, made in the kernel for no socket (pktgen). Requires a device.
  sim::Task<> generate(Batch batch, int count, Thread& on);
  // `count` packets without payload. Requires a device.
  sim::Task<> acknowledge(Batch batch, int count, Thread& on);
  sim::Task<> send(Batch batch, Thread& on) override;
  sim::Duration time(sim::Cycles work) const { return work / config_.clock; }
  // Copying what has come to its reader.
  sim::Duration reading(const Batch& batch, const Thread& reader) const;

 private:
  sim::Task<> put_out(Batch batch, sim::Cycles work, Thread& on);
  sim::Cycles cold(const Socket& of, const Thread& softirq) const;
  sim::Engine& engine_;
  StackConfig config_;
  Port* device_ = nullptr;
  const Socket* last_ = nullptr;  // that something came for
};

// A device that hands back what it is given, in its sender's context.
class Loopback : public Port {
 public:
  explicit Loopback(Stack& stack) : stack_{stack} {}
  sim::Engine& engine() override { return stack_.engine(); }
  sim::Task<> send(Batch batch, Thread& on) override { return stack_.send(batch, on); }

 private:
  Stack& stack_;
};

}  // namespace models::network
