#include "models/network/guest_nic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::network {
namespace {

void check(const GuestNicConfig& config, std::size_t threads) {
  sim::Complaints complaints;
  const auto need = [&](bool holds, const std::string& text) {
    complaints.need(holds, fmt::format("nic {}: {}", config.name, text));
  };
  need(config.queues >= 1, fmt::format("queues = {}, needs at least 1", config.queues));
  need(static_cast<std::size_t>(std::max(config.queues, 0)) == threads,
       fmt::format("threads of {} queues for {}", threads, config.queues));
  need(config.ring >= 2 && config.ring <= 1'024,
       fmt::format("ring = {}, needs 2 to 1024", config.ring));
  need(config.tap_queue >= 1, fmt::format("tap_queue = {}, needs at least 1", config.tap_queue));
  need(!emulated(config.model) || config.queues == 1,
       fmt::format("{} queues on an emulated device, which has 1", config.queues));
  need(!config.zero_copy || config.model == GuestNicModel::vhost,
       "zero_copy without vhost, which alone has it");
  need(config.model != GuestNicModel::sriov, "a virtual function is a queue of the NIC itself");
  complaints.raise();
}

constexpr int kRtl8139Ring = 64;  // CP_RX_RING_SIZE of 8139cp.c

int receive_exits(const GuestNicConfig& config) {
  if (config.model == GuestNicModel::rtl8139) return config.costs.rtl8139_receive_exits;
  return emulated(config.model) ? config.costs.emulated_receive_exits : 0;
}

int interrupt_exits(const BackendCosts& costs) {
  return costs.end_of_interrupt.count() > 0 ? 2 : 0;  // virtual interrupts take none
}

ReceiveConfig receive_config(const GuestNicConfig& config) {
  const BackendCosts& costs = config.costs;
  const bool emulation = emulated(config.model);
  const bool rtl8139 = config.model == GuestNicModel::rtl8139;
  return {.descriptors = rtl8139 ? std::min(config.ring, kRtl8139Ring) : config.ring,
          .gro_packets = emulation ? 1 : ReceiveConfig{}.gro_packets,
          .moderation = {.kind = ModerationKind::none},
          .costs = costs.guest_driver,
          .exits = interrupt_exits(costs) + receive_exits(config),
          .exit_cycles =
              costs.inject + costs.end_of_interrupt + costs.call_qemu * receive_exits(config),
          .clock = config.clock,
          .distance = config.distance};
}

}  // namespace

GuestNic::Queue::Queue(GuestNic& nic, const Threads& threads, const ReceiveConfig& config,
                       Port& guest)
    : vcpu{*threads.vcpu},
      backend{*threads.backend},
      transmit{nic.engine_, nic.config_.ring},
      tap{nic.engine_, nic.config_.tap_queue},
      receive{nic.engine_, config, *threads.vcpu, guest},
      kicked{nic.engine_} {}

GuestNic::GuestNic(sim::Engine& engine, const GuestNicConfig& config,
                   const std::vector<Threads>& threads, Port& guest, Port& host,
                   sim::Server& big_lock)
    : engine_{engine}, config_{config}, host_{host}, big_lock_{big_lock}, tap_{*this} {
  check(config, threads.size());
  for (const Threads& own : threads) {
    Queue& queue = queues_.emplace_back(*this, own, receive_config(config), guest);
    if (!emulated(config.model)) engine_.spawn(serve_guest(queue));
    engine_.spawn(serve_tap(queue));
  }
}

bool GuestNic::takes_bursts() const {
  return config_.model == GuestNicModel::e1000 || (config_.offloads && !emulated(config_.model));
}

std::uint64_t GuestNic::interrupts() const {
  std::uint64_t sum = sent_interrupts_;
  for (const Queue& queue : queues_) sum += queue.receive.moderation().interrupts();
  return sum;
}

// --- out of the guest ---------------------------------------------------------------------------

sim::Task<> GuestNic::send(Batch batch, Thread& on) {
  sent_.count(batch);
  if (emulated(config_.model)) {
    co_await send_emulated(batch, on);
    co_return;
  }
  Queue& queue = queues_[queue_of(batch, queues_.size())];
  co_await on.work(cycles(config_.costs.guest_send, batch) / config_.clock);
  co_await queue.transmit.put_when_room(batch, batch.buffers);
  if (!queue.idle) co_return;
  queue.idle = false;
  ++kicks_;
  on.owe_exits(1, config_.costs.kick);
  co_await on.work(config_.costs.wake / config_.clock);
  queue.backend.woken_from(on.cpu());
  queue.kicked.fire();
}

// QEMU sends in the context of the vCPU that wrote the register; the guest's driver holds the lock
// of its only queue meanwhile (HARD_TX_LOCK).
sim::Task<> GuestNic::send_emulated(Batch batch, Thread& on) {
  const BackendCosts& costs = config_.costs;
  const bool rtl8139 = config_.model == GuestNicModel::rtl8139;
  const auto writes = static_cast<std::int64_t>(batch.buffers) *
                      (rtl8139 ? costs.rtl8139_send_exits : costs.emulated_send_exits);
  kicks_ += static_cast<std::uint64_t>(writes);
  sim::Cycles own = cycles(costs.guest_send, batch);
  sim::Cycles outside = costs.call_qemu * writes + cycles(costs.emulated, batch);
  auto exits = static_cast<int>(writes);
  if (rtl8139) {
    own += costs.guest_driver.interrupt * batch.buffers;
    outside +=
        cycles(costs.rtl8139_send, batch) + (costs.inject + costs.end_of_interrupt) * batch.buffers;
    exits += interrupt_exits(costs) * batch.buffers;
    sent_interrupts_ += static_cast<std::uint64_t>(batch.buffers);
  }
  batch.buffers = batch.packets;
  const sim::Server::Held sending = co_await big_lock_.hold();
  on.owe_exits(exits, outside);
  co_await on.work(own / config_.clock);
  batch.where = config_.distance.written_by(on.cpu());
  complete(batch);
  co_await host_.send(batch, on);
}

sim::Process GuestNic::serve_guest(Queue& queue) {
  for (;;) {
    while (queue.transmit.empty()) {
      queue.idle = true;
      co_await queue.kicked;
    }
    Batch batch = co_await queue.transmit.take();
    const sim::Duration work = sending(batch) / config_.clock;
    co_await queue.backend.work(work + copying(batch, queue.backend));
    Batch onward = batch;
    onward.queued = batch.queued && config_.zero_copy;  // a copy is its own
    batch.queued = batch.queued && !config_.zero_copy;
    co_await host_.send(onward, queue.backend);
    queue.transmit.done();
    complete(batch);
  }
}

sim::Cycles GuestNic::sending(const Batch& batch) const {
  if (config_.model == GuestNicModel::virtio) return cycles(config_.costs.qemu_send, batch);
  if (!config_.zero_copy) return cycles(config_.costs.vhost_send, batch);
  return config_.costs.vhost_send.per_buffer * batch.buffers +
         config_.costs.zero_copy * batch.buffers;
}

// What it adds that the packet lies on another node than the backend runs; then it lies there,
// save where its pages are sent as they are.
sim::Duration GuestNic::copying(Batch& batch, const Thread& backend) const {
  const MemoryDistance& distance = config_.distance;
  sim::Duration time = distance.look(backend.cpu(), batch.where, batch.buffers);
  if (config_.zero_copy) return time;
  time += distance.copy_from(backend.cpu(), batch.where, batch.payload);
  batch.where = distance.written_by(backend.cpu());
  return time;
}

// --- into the guest -----------------------------------------------------------------------------

sim::Task<> GuestNic::enter_tap(Batch batch, Thread& on) {
  // Bursts cross a tap whole only where the guest's device takes them.
  if (emulated(config_.model) || !config_.offloads) batch.buffers = batch.packets;
  Queue& queue = queues_[queue_of(batch, queues_.size())];
  const bool asleep = queue.tap.used() == 0;
  sim::Cycles work = cycles(config_.costs.tap, batch);
  if (asleep) work += config_.costs.wake;
  co_await on.work(work / config_.clock);
  if (!queue.tap.fits(batch.buffers)) {
    received_.drop(batch);
    co_return;
  }
  if (asleep) queue.backend.woken_from(on.cpu());
  complete(batch);
  queue.tap.put(batch, batch.buffers);
}

sim::Process GuestNic::serve_tap(Queue& queue) {
  sim::Signal& drained = queue.receive.drained();
  for (;;) {
    Batch batch = co_await queue.tap.take();
    co_await take_in(batch, queue.backend);
    while (!queue.receive.fits(batch)) co_await drained;
    if (!queue.receive.polling()) {
      co_await queue.backend.work(config_.costs.signal / config_.clock);
      queue.vcpu.woken_from(queue.backend.cpu());
    }
    received_.count(batch);
    queue.receive.arrive(batch);
    queue.tap.done();
  }
}

sim::Task<> GuestNic::take_in(Batch& batch, Thread& on) {
  std::optional<sim::Server::Held> held;
  if (emulated(config_.model)) held.emplace(co_await big_lock_.hold());
  const int memory = config_.buffers != nullptr ? config_.buffers->next() : -1;
  const sim::Duration work = receiving(batch) / config_.clock;
  co_await on.work(work + copying(batch, on, memory));
}

sim::Cycles GuestNic::receiving(const Batch& batch) const {
  switch (config_.model) {
    case GuestNicModel::vhost:
      return cycles(config_.costs.vhost_receive, batch);
    case GuestNicModel::virtio:
      return cycles(config_.costs.qemu_receive, batch);
    default:
      break;
  }
  sim::Cycles work =
      cycles(config_.costs.emulated, batch) + config_.costs.qemu_receive.per_buffer * batch.buffers;
  if (config_.model == GuestNicModel::rtl8139) work += cycles(config_.costs.rtl8139_receive, batch);
  return work;
}

// The same, to the guest's memory of a node.
sim::Duration GuestNic::copying(Batch& batch, const Thread& backend, int memory) const {
  const MemoryDistance& distance = config_.distance;
  const sim::Duration time = distance.look(backend.cpu(), batch.where, batch.buffers) +
                             distance.copy_from(backend.cpu(), batch.where, batch.payload) +
                             distance.copy_to(backend.cpu(), memory, batch.payload);
  batch.where = distance.written_by(backend.cpu(), memory);
  return time;
}

}  // namespace models::network
