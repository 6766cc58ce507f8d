// A receive ring and the softirq that empties it (NAPI): of a physical NIC, a virtual function, or
// the driver in a guest.
//
//   packets -> ring -> moderation -> interrupt -> poll: up to `budget` packets a round, merged into
//   larger buffers (GRO), handed to the stack or switch above; interrupts again once it is empty
//
// Models  a finite ring that drops, interrupts masked while polling, merging by flow within a
//         round; in a guest a softirq that gives way to ksoftirqd at the end of its budget, or when
//         it has been raised anew ten times before it could return.
// Omits   the same on the host, whose scheduler sees to it (models/scheduler/scheduler.hpp); GRO
//         across rounds.
// Source  Linux net/core/dev.c: budget 64 a device (NAPI_POLL_WEIGHT), 300 of all
//         (netdev_budget), at whose end NET_RX is raised again; kernel/softirq.c: after 2 ms or
//         where somebody waits for the CPU it then wakes ksoftirqd (commit c10d73671ad3, 3.9), as
//         after MAX_SOFTIRQ_RESTART looks that found it raised again. GRO held 17 packets, one page
//         fragment each, until frag lists; 64 KiB since [recall].
// Checked tests/models/network/receive_queue_test.cpp.
#pragma once

#include <deque>

#include "models/network/costs.hpp"
#include "models/network/memory_distance.hpp"
#include "models/network/moderation.hpp"
#include "models/network/path.hpp"
#include "sim/process.hpp"

namespace models::network {

struct ReceiveConfig {
  int descriptors = 512;  // packets
  int budget = 64;        // packets of a round
  int all_budget = 300;   // packets until ksoftirqd goes on
  int gro_packets = 17;   // of one buffer; 1: no GRO
  ModerationConfig moderation{};
  DriverCosts costs{};
  int exits = 0;              // of each interrupt, in a guest
  sim::Cycles exit_cycles{};  // of all of them
  sim::Hertz clock{3e9};
  MemoryDistance distance{};
};

class ReceiveQueue : public Receiver {
 public:
  // What it receives goes to `up`, in the context of `softirq`.
  ReceiveQueue(sim::Engine& engine, const ReceiveConfig& config, Thread& softirq, Port& up);

  sim::Engine& engine() { return engine_; }
  // What the ring does not hold is lost.
  void arrive(const Batch& batch) override;
  bool fits(const Batch& batch) const {
    return used_ == 0 || used_ + batch.packets <= config_.descriptors;
  }
  sim::Signal& drained() { return drained_; }
  bool polling() const { return moderation_.masked(); }
  const Moderation& moderation() const { return moderation_; }
  const Traffic& traffic() const { return traffic_; }

 private:
  sim::Process poll();
  sim::Task<> give_way(sim::Duration ran);
  Batch collect();
  bool merges(const Batch& batch) const;
  void interrupt();

  sim::Engine& engine_;
  ReceiveConfig config_;
  Thread& softirq_;
  Port& up_;
  Moderation moderation_;
  sim::Signal interrupted_;
  sim::Signal drained_;
  std::deque<Batch> ring_;
  std::deque<Batch> round_;  // merged
  sim::Duration looking_{};  // at the round's headers and descriptors
  int used_ = 0;
  Traffic traffic_;
};

}  // namespace models::network
