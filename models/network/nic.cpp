#include "models/network/nic.hpp"

#include <fmt/format.h>

#include "sim/error.hpp"

namespace models::network {
namespace {

constexpr int kFetched = 4;  // buffers: FIFO of 160 KiB (82599 data sheet) over bursts of 64 KiB
// Times that a packet to be sent crosses the bus one way, each after the other: the doorbell, its
// descriptor's read and the answer, its data's read and the answer. One that has come crosses it
// once, with its descriptor and the interrupt in its wake: posted writes, which wait for nothing.
constexpr int kSending = 5;
constexpr int kReceiving = 1;

void check(const NicConfig& config, std::size_t softirqs) {
  sim::Complaints complaints;
  const auto need = [&](bool holds, const std::string& text) {
    complaints.need(holds, fmt::format("nic {}: {}", config.name, text));
  };
  need(config.rate.count() > 0, "rate is 0, needs more");
  need(config.mtu >= sim::Bytes{576} && config.mtu <= sim::Bytes{9'216},
       fmt::format("mtu = {}, needs 576 to 9216", config.mtu.count()));
  need(config.queues >= 1, fmt::format("queues = {}, needs at least 1", config.queues));
  need(static_cast<std::size_t>(std::max(config.queues, 0)) == softirqs,
       fmt::format("{} softirq threads for {} queues", softirqs, config.queues));
  need(config.tx_ring >= 1, fmt::format("tx_ring = {}, needs at least 1", config.tx_ring));
  need(config.functions >= 0, fmt::format("functions = {}, needs 0 or more", config.functions));
  complaints.raise();
}

}  // namespace

struct Nic::Function : Port {
  Function(Nic& owner, int of, const std::vector<Thread*>& vcpus, Port& up,
           const ReceiveConfig& config, Buffers* in)
      : nic{owner}, station{of}, buffers{in} {
    for (Thread* vcpu : vcpus) {
      queues.emplace_back(owner.engine_, config, *vcpu, up);
      rings.emplace_back(owner.engine_, owner.config_.tx_ring);
      nic.engine_.spawn(nic.move_out(rings.back()));
    }
  }
  sim::Engine& engine() override { return nic.engine_; }
  sim::Task<> send(Batch batch, Thread& on) override {
    return nic.post(batch, on, rings[queue_of(batch, rings.size())]);
  }
  void arrive(const Batch& batch) { queues[queue_of(batch, queues.size())].arrive(batch); }
  Nic& nic;
  int station;
  Buffers* buffers;
  std::deque<Ring> rings;
  std::deque<ReceiveQueue> queues;
};

Nic::Nic(sim::Engine& engine, const NicConfig& config, const std::vector<Thread*>& softirqs,
         Port& up, Dma* dma)
    : engine_{engine}, config_{config}, dma_{dma}, inside_{engine, kFetched}, wire_{engine} {
  check(config, softirqs.size());
  for (Thread* softirq : softirqs) {
    queues_.emplace_back(engine, receive_config(), *softirq, up);
    rings_.emplace_back(engine, config.tx_ring);
    engine_.spawn(move_out(rings_.back()));
  }
  engine_.spawn(transmit());
}

Nic::~Nic() = default;

ReceiveConfig Nic::receive_config() const {
  return {.descriptors = config_.rx_ring,
          .gro_packets = config_.gro ? config_.gro_packets : 1,
          .moderation = config_.moderation,
          .costs = config_.driver,
          .clock = config_.clock,
          .distance = config_.distance};
}

Port& Nic::add_function(int station, const std::vector<Thread*>& vcpus, Port& up, sim::Cycles exits,
                        Buffers* buffers) {
  if (functions_.size() >= static_cast<std::size_t>(config_.functions)) {
    throw sim::ConfigError{fmt::format("nic {}: {} virtual functions, one more is asked for",
                                       config_.name, config_.functions)};
  }
  ReceiveConfig config = receive_config();
  config.exit_cycles = exits;
  config.exits = exits.count() > 0 ? 3 : 0;  // out for it, for its delivery, for its end
  functions_.push_back(std::make_unique<Function>(*this, station, vcpus, up, config, buffers));
  return *functions_.back();
}

void Nic::connect(Receiver& far, sim::Duration latency) {
  far_ = &far;
  far_latency_ = latency;
}

sim::Task<> Nic::send(Batch batch, Thread& on) {
  return post(batch, on, rings_[queue_of(batch, rings_.size())]);
}

sim::Task<> Nic::post(Batch batch, Thread& on, Ring& ring) {
  sim::Cycles work = cycles(config_.driver.transmit, batch);
  if (!config_.tso && batch.packets > batch.buffers) {
    work += config_.driver.segment * batch.packets;
    batch.buffers = batch.packets;
  }
  co_await on.work(work / config_.clock);
  co_await ring.put_when_room(batch, batch.buffers);
}

sim::Process Nic::move_out(Ring& ring) {
  for (;;) {
    Batch batch = co_await ring.take();
    if (dma_ != nullptr) co_await dma_->read(in_memory(batch), batch.where.memory);
    if (inward(batch)) {
      complete(batch);
      engine_.spawn(propagate(batch));
    } else {
      co_await inside_.put_when_room(batch, 1);
    }
    ring.done();
  }
}

sim::Process Nic::transmit() {
  for (;;) {
    Batch batch = co_await inside_.take();
    co_await wire_.serve(on_wire(batch) / config_.rate);
    inside_.done();
    complete(batch);
    sent_.count(batch);
    engine_.spawn(propagate(batch));
  }
}

sim::Process Nic::propagate(Batch batch) {
  batch.buffers = batch.packets;
  const bool stays = inward(batch);
  co_await engine_.delay(config_.latency + crossings(batch, kSending) +
                         (stays ? sim::Duration::zero() : far_latency_));
  if (stays) {
    arrive(batch);
  } else if (far_ != nullptr) {
    far_->arrive(batch);
  } else {
    sent_.drop(batch);
  }
}

void Nic::arrive(const Batch& batch) {
  engine_.spawn(move_in(batch));
}

sim::Process Nic::move_in(Batch batch) {
  batch.where = next_buffer(function_of(batch));
  if (dma_ != nullptr) co_await dma_->write(in_memory(batch), batch.where.memory);
  co_await engine_.delay(config_.latency + crossings(batch, kReceiving));
  deliver(batch);
}

Where Nic::next_buffer(const Function* function) const {
  const bool guests = function != nullptr && function->buffers != nullptr;
  return config_.distance.delivered(config_.node,
                                    guests ? function->buffers->next() : config_.buffers);
}

sim::Duration Nic::crossings(const Batch& batch, int count) const {
  return dma_ != nullptr ? dma_->crossing(batch.where.memory) * count : sim::Duration::zero();
}

void Nic::deliver(const Batch& batch) {
  if (Function* function = function_of(batch)) {
    function->arrive(batch);
  } else {
    queues_[queue_of(batch, queues_.size())].arrive(batch);
  }
}

Nic::Function* Nic::function_of(const Batch& batch) {
  for (const auto& function : functions_) {
    if (function->station == batch.to->station()) return function.get();
  }
  return nullptr;
}

Traffic Nic::received() const {
  Traffic sum;
  const auto add = [&](const Traffic& part) {
    sum.packets += part.packets;
    sum.payload_B += part.payload_B;
    sum.dropped += part.dropped;
  };
  for (const ReceiveQueue& queue : queues_) add(queue.traffic());
  for (const auto& function : functions_)
    for (const ReceiveQueue& queue : function->queues) add(queue.traffic());
  return sum;
}

std::uint64_t Nic::interrupts() const {
  std::uint64_t sum = 0;
  for (const ReceiveQueue& queue : queues_) sum += queue.moderation().interrupts();
  for (const auto& function : functions_)
    for (const ReceiveQueue& queue : function->queues) sum += queue.moderation().interrupts();
  return sum;
}

}  // namespace models::network
