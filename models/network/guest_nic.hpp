// A guest's NIC and what serves it on the host.
//
//   rtl8139, e1000  emulated: registers that exit to QEMU, packets copied one by one; rtl8139 with
//                   64 descriptors and an interrupt for each packet that it has sent
//   virtio          a ring shared with QEMU's thread, which reads and writes the tap
//   vhost           the same ring, served by a thread of the host's kernel
//   (sriov          a virtual function: Nic::add_function)
//
// Models  finite rings that stop the guest, a tap queue that drops, one backend thread a queue
//         pair for both directions, notifications that are suppressed while the other side works
//         (event index, NAPI), bursts that pass whole (virtio) or are cut (emulated), zero-copy;
//         vCPUs and QEMU's loop take turns in emulated devices; copies between nodes, where guest,
//         backend and packet are not on one.
// Omits   vhost's budget (256 packets or 512 KiB: directions take turns batch by batch), polling
//         vhost, e1000's own moderation.
// Source  semantics.md 3.6, 6.4: rings of 256; tun's queue of 500, later 1,000 packets.
// Checked tests/models/network/guest_nic_test.cpp.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "models/network/receive_queue.hpp"
#include "models/network/ring.hpp"
#include "sim/server.hpp"

namespace models::network {

enum class GuestNicModel { rtl8139, e1000, virtio, vhost, sriov };

constexpr bool emulated(GuestNicModel model) {
  return model == GuestNicModel::rtl8139 || model == GuestNicModel::e1000;
}

struct GuestNicConfig {
  std::string name{};
  GuestNicModel model = GuestNicModel::virtio;
  int queues = 1;
  int ring = 256;          // descriptors, either direction
  int tap_queue = 1'000;   // buffers
  bool offloads = true;    // virtio: bursts of 64 KiB cross it whole
  bool zero_copy = false;  // vhost: transmitted pages are not copied
  BackendCosts costs{};
  sim::Hertz clock{3e9};
  MemoryDistance distance{};
  Buffers* buffers = nullptr;  // the guest's; null: on no simulated node
};

class GuestNic : public Port {
 public:
  // A queue pair's threads: who takes its interrupts in the guest, who serves it on the host.
  struct Threads {
    Thread* vcpu;
    Thread* backend;
  };
  // What the guest receives goes to `guest`, what it sends to `host`. Throws sim::ConfigError on
  // an impossible config.
  // `big_lock`: held while an emulated device is at work, in whatever thread.
  GuestNic(sim::Engine& engine, const GuestNicConfig& config, const std::vector<Threads>& threads,
           Port& guest, Port& host, sim::Server& big_lock);

  sim::Engine& engine() override { return engine_; }
  // The guest's side: its driver.
  sim::Task<> send(Batch batch, Thread& on) override;
  // The host's side.
  Port& tap() { return tap_; }
  // The guest's stack may send bursts.
  bool takes_bursts() const;

  const Traffic& sent() const { return sent_; }
  const Traffic& received() const { return received_; }  // dropped: the tap's queue was full
  std::uint64_t kicks() const { return kicks_; }
  std::uint64_t interrupts() const;

 private:
  struct Queue {
    Queue(GuestNic& nic, const Threads& threads, const ReceiveConfig& config, Port& guest);
    Thread& vcpu;
    Thread& backend;
    Ring transmit;
    Ring tap;
    ReceiveQueue receive;
    sim::Signal kicked;
    bool idle = false;  // waits for a kick
  };
  struct Tap : Port {
    explicit Tap(GuestNic& owner) : nic{owner} {}
    sim::Engine& engine() override { return nic.engine_; }
    sim::Task<> send(Batch batch, Thread& on) override { return nic.enter_tap(batch, on); }
    GuestNic& nic;
  };
  sim::Task<> enter_tap(Batch batch, Thread& on);
  sim::Task<> send_emulated(Batch batch, Thread& on);
  sim::Process serve_guest(Queue& queue);
  sim::Process serve_tap(Queue& queue);
  sim::Task<> take_in(Batch& batch, Thread& on);
  sim::Cycles sending(const Batch& batch) const;
  sim::Cycles receiving(const Batch& batch) const;
  sim::Duration copying(Batch& batch, const Thread& backend) const;
  sim::Duration copying(Batch& batch, const Thread& backend, int memory) const;

  sim::Engine& engine_;
  GuestNicConfig config_;
  Port& host_;
  sim::Server& big_lock_;
  Tap tap_;
  std::deque<Queue> queues_;
  Traffic sent_;
  Traffic received_;
  std::uint64_t kicks_ = 0;
  std::uint64_t sent_interrupts_ = 0;  // that tell of what was sent
};

}  // namespace models::network
