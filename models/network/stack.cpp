#include "models/network/stack.hpp"

namespace models::network {

sim::Task<> Stack::transmit(Batch batch, Thread& on) {
  batch.packets = packets_of(batch.payload, batch.protocol, config_.mtu);
  const bool bursts = config_.tso && batch.protocol == Protocol::tcp;
  batch.buffers = bursts ? static_cast<int>((batch.payload.count() + kLargestBurst.count() - 1) /
                                            kLargestBurst.count())
                         : batch.packets;
  if (batch.buffers < 1) batch.buffers = 1;
  batch.sent = engine_.now();
  co_await on.work(time(cycles(config_.costs.send, batch)));
  co_await device_->send(batch, on);
}

sim::Task<> Stack::datagrams(Batch batch, int count, Thread& on) {
  batch.packets = packets_of(batch.payload, batch.protocol, config_.mtu) * count;
  batch.buffers = batch.packets;
  batch.payload = batch.payload * count;
  batch.sent = engine_.now();
  co_await on.work(time(cycles(config_.costs.send, batch)));
  co_await device_->send(batch, on);
}

sim::Task<> Stack::acknowledge(Batch batch, int count, Thread& on) {
  batch.packets = count;
  batch.buffers = count;
  batch.payload = {};
  batch.sent = engine_.now();
  co_await on.work(time(config_.costs.acknowledge * count));
  co_await device_->send(batch, on);
}

sim::Task<> Stack::send(Batch batch, Thread& on) {
  const bool bare = batch.protocol == Protocol::tcp && batch.payload == sim::Bytes{};
  sim::Cycles work =
      bare ? config_.costs.acknowledge * batch.packets : cycles(config_.costs.receive, batch);
  if (last_ != nullptr && last_ != batch.to) work += cold(*batch.to, on);
  last_ = batch.to;
  co_await on.work(time(work));
  co_await batch.to->receive(batch, on);
}

sim::Cycles Stack::cold(const Socket& of, const Thread& softirq) const {
  const int here = softirq.cpu(), there = of.cpu();
  if (config_.topology == nullptr || here < 0 || there < 0) return config_.costs.cold;
  const bool near = config_.topology->cpu(here).llc == config_.topology->cpu(there).llc;
  return near ? config_.costs.cold : config_.cold_far;
}

}  // namespace models::network
