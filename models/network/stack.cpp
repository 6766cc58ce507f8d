#include "models/network/stack.hpp"

namespace models::network {

sim::Task<> Stack::transmit(Batch batch, Thread& on) {
  batch.packets = packets_of(batch.payload, batch.protocol, config_.mtu);
  const bool bursts = config_.tso && batch.protocol == Protocol::tcp;
  batch.buffers = bursts ? static_cast<int>((batch.payload.count() + kLargestBurst.count() - 1) /
                                            kLargestBurst.count())
                         : batch.packets;
  if (batch.buffers < 1) batch.buffers = 1;
  return put_out(batch, cycles(config_.costs.send, batch), on);
}

sim::Task<> Stack::datagrams(Batch batch, int count, Thread& on) {
  batch.packets = packets_of(batch.payload, batch.protocol, config_.mtu) * count;
  batch.buffers = batch.packets;
  batch.payload = batch.payload * count;
  return put_out(batch, cycles(config_.costs.send, batch), on);
}

sim::Task<> Stack::generate(Batch batch, int count, Thread& on) {
  batch.packets = packets_of(batch.payload, batch.protocol, config_.mtu) * count;
  batch.buffers = batch.packets;
  batch.payload = batch.payload * count;
  return put_out(batch, config_.costs.generate * batch.buffers, on);
}

sim::Task<> Stack::acknowledge(Batch batch, int count, Thread& on) {
  batch.packets = count;
  batch.buffers = count;
  batch.payload = {};
  return put_out(batch, config_.costs.acknowledge * count, on);
}

sim::Task<> Stack::put_out(Batch batch, sim::Cycles work, Thread& on) {
  batch.sent = engine_.now();
  batch.queued = true;
  co_await on.work(time(work));
  batch.where = config_.buffers != nullptr
                    ? config_.distance.written_by(on.cpu(), config_.buffers->next())
                    : config_.distance.written_by(on.cpu());
  co_await device_->send(batch, on);
}

sim::Duration Stack::reading(const Batch& batch, const Thread& reader) const {
  const sim::Cycles copy{config_.costs.read_per_KiB.count() * batch.payload.count() / 1'024};
  return time(copy) + config_.distance.copy_from(reader.cpu(), batch.where, batch.payload);
}

sim::Task<> Stack::send(Batch batch, Thread& on) {
  complete(batch);
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
  if (here == there) return {};
  const bool near = config_.topology->cpu(here).llc == config_.topology->cpu(there).llc;
  return near ? config_.costs.cold : config_.cold_far;
}

}  // namespace models::network
