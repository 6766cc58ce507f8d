#include "models/network/switch.hpp"

#include "sim/error.hpp"

namespace models::network {
namespace {

Cost sum(const Cost& a, const Cost& b) {
  return {.per_buffer = a.per_buffer + b.per_buffer,
          .per_packet = a.per_packet + b.per_packet,
          .per_KiB = a.per_KiB + b.per_KiB};
}

Cost forwarding(SwitchMode mode, const SwitchCosts& costs) {
  switch (mode) {
    case SwitchMode::bridge:
      return costs.bridge;
    case SwitchMode::isolated:  // as libvirt makes it: a bridge without an uplink
      return costs.bridge;
    case SwitchMode::routed:  // between a bridge and the uplink
      return sum(costs.bridge, costs.route);
    case SwitchMode::nat:
      return sum(sum(costs.bridge, costs.route), costs.translate);
  }
  throw sim::ModelError{"unknown switch mode"};
}

}  // namespace

Switch::Switch(sim::Engine& engine, SwitchMode mode, const SwitchCosts& costs, sim::Hertz clock)
    : engine_{engine},
      within_{costs.bridge},
      through_{forwarding(mode, costs)},
      clock_{clock},
      isolated_{mode == SwitchMode::isolated} {}

void Switch::attach(int station, Port& port, const Cost& behind) {
  stations_.push_back({station, &port, behind});
}

void Switch::set_uplink(Port& uplink) {
  if (isolated_) throw sim::ConfigError{"an isolated network has no uplink"};
  uplink_ = &uplink;
}

const Switch::Station* Switch::known(int station) const {
  for (const Station& one : stations_) {
    if (one.station == station) return &one;
  }
  return nullptr;
}

sim::Task<> Switch::send(Batch batch, Thread& on) {
  const Station* const to = known(batch.to->station());
  const Station* const from = batch.from != nullptr ? known(batch.from->station()) : nullptr;
  sim::Cycles work = cycles(from != nullptr && to != nullptr ? within_ : through_, batch);
  for (const Station* const end : {from, to}) {
    if (end != nullptr) work += cycles(end->behind, batch);
  }
  co_await on.work(work / clock_);
  Port* const port = to != nullptr ? to->port : uplink_;
  if (port == nullptr) {
    traffic_.drop(batch);
    co_return;
  }
  traffic_.count(batch);
  co_await port->send(batch, on);
}

}  // namespace models::network
