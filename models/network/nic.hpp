// A physical NIC: transmit and receive queues, moderation, segmentation offload, virtual functions,
// and its end of the wire.
//
//   send -> driver -> transmit ring -> DMA -> wire -> latency -> far end
//   wire -> DMA -> receive ring of its queue (RSS) or virtual function -> softirq
//
// Models  finite rings: transmit rings stop their senders, receive rings drop; TSO or software
//         segmentation; DMA that overlaps with the wire, to and from the node that a packet lies
//         on; traffic between functions of one NIC, or with the host's own network, which crosses
//         PCIe but not the wire.
// Omits   interrupts for completed transmits, collisions of RSS, flow control (pause frames),
//         errors on the wire.
// Source  82599 data sheet: rings to 4,096, 64 virtual functions, one switch between them (VEB).
//         DMA there and back 1 us either way [recall].
// Checked tests/models/network/nic_test.cpp.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/network/receive_queue.hpp"
#include "models/network/ring.hpp"
#include "sim/server.hpp"

namespace models::network {

struct NicConfig {
  std::string name{};
  sim::BytesPerSecond rate{1.25e9};  // of the link, each direction: 10 Gbit/s
  sim::Bytes mtu = kEthernetMtu;
  int queues = 1;     // pairs of rings
  int rx_ring = 512;  // packets
  int tx_ring = 512;  // buffers
  bool tso = true;
  bool gro = true;
  int gro_packets = 17;  // most packets of a merged buffer
  ModerationConfig moderation{};
  int functions = 0;                 // virtual functions that it may have (SR-IOV)
  sim::Duration latency{1'000'000};  // doorbell or frame to DMA done, 1 us
  DriverCosts driver{};
  sim::Hertz clock{3e9};  // of the CPUs that run its driver
  int node = -1;          // that it is on; -1: of a machine whose nodes are not simulated
  int buffers = -1;       // of the receive rings and what they hold: of the CPUs that empty them
  MemoryDistance distance{};
};

class Nic : public Port, public Receiver {
 public:
  // `softirqs`: one thread a queue. What comes in goes to `up`. `dma` null: PCIe never queues.
  // Throws sim::ConfigError on an impossible config.
  Nic(sim::Engine& engine, const NicConfig& config, const std::vector<Thread*>& softirqs, Port& up,
      Dma* dma = nullptr);
  ~Nic() override;

  // A virtual function for `station`, with a pair of rings for each of `vcpus`, to whom their
  // interrupts go and cost `exits`; what they hold lies in `buffers`, null: where the NIC's own
  // does. Its transmit side is the returned port, which lives as long as the NIC.
  Port& add_function(int station, const std::vector<Thread*>& vcpus, Port& up, sim::Cycles exits,
                     Buffers* buffers = nullptr);
  // `station` is behind the NIC's own queues: functions reach it without the wire.
  void add_own(int station) { own_.insert(station); }
  // The other end of the cable; `latency` of cable and switches between.
  void connect(Receiver& far, sim::Duration latency);

  sim::Engine& engine() override { return engine_; }
  sim::Task<> send(Batch batch, Thread& on) override;
  void arrive(const Batch& batch) override;

  const NicConfig& config() const { return config_; }
  Traffic received() const;  // dropped: no descriptor was free
  const Traffic& sent() const { return sent_; }
  std::uint64_t interrupts() const;
  const sim::Server& wire() const { return wire_; }

 private:
  struct Function;
  sim::Process move_out(Ring& ring);  // ring to NIC
  sim::Process transmit();            // NIC to wire
  sim::Process propagate(Batch batch);
  sim::Process move_in(Batch batch);
  sim::Task<> post(Batch batch, Thread& on, Ring& ring);
  void deliver(const Batch& batch);
  Function* function_of(const Batch& batch);
  bool inward(const Batch& batch) { return function_of(batch) != nullptr || own(batch); }
  bool own(const Batch& batch) const { return own_.contains(batch.to->station()); }
  Where next_buffer(const Function* function) const;
  sim::Duration crossings(const Batch& batch, int count) const;
  ReceiveConfig receive_config() const;

  sim::Engine& engine_;
  NicConfig config_;
  Dma* dma_;
  std::deque<Ring> rings_;
  std::deque<ReceiveQueue> queues_;
  std::vector<std::unique_ptr<Function>> functions_;
  std::set<int> own_;  // stations
  Ring inside_;        // fetched, not yet sent
  sim::Server wire_;
  Receiver* far_ = nullptr;
  sim::Duration far_latency_{};
  Traffic sent_;
};

}  // namespace models::network
