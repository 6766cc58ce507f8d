// The way of a device's data between its own interface and the host's memory: PCI Express, wired by
// the composition root (pcie_cards.hpp).
//
// Data passes both at once, packets flow through: what is slower holds it up. A device without a
// way is fitted where nothing else is in its way.
#pragma once

#include "models/storage/block_device.hpp"
#include "sim/join.hpp"
#include "sim/server.hpp"

namespace models::storage::device {

class HostWay {
 public:
  virtual ~HostWay() = default;
  virtual sim::Engine& engine() = 0;
  // Ends when `amount` has passed. `operation`: read, towards memory, or write; `node`: as in
  // Request.
  virtual sim::Task<> carry(Operation operation, sim::Bytes amount, int node) = 0;
};

inline sim::Task<> hold(sim::Engine&, sim::Server& interface, sim::Duration time) {
  co_await interface.serve(time);
}

// `interface` takes `time` of it.
inline sim::Task<> pass(HostWay& way, sim::Server& interface, sim::Duration time,
                        Operation operation, sim::Bytes amount, int node) {
  sim::Join both{way.engine()};
  both.add(hold(way.engine(), interface, time));
  both.add(way.carry(operation, amount, node));
  co_await both.all();
}

// A device whose data its controller's memory holds before it goes on: disks behind a host bus
// adapter, arrays of a RAID controller.
class Forwarding final : public BlockDevice {
 public:
  // `device` and `way` must outlive it.
  Forwarding(BlockDevice& device, HostWay& way) : device_{device}, way_{way} {}
  sim::Engine& engine() override { return device_.engine(); }
  sim::Bytes capacity() const override { return device_.capacity(); }
  sim::Task<> serve(Request request) override {
    if (request.operation == Operation::write)
      co_await way_.carry(Operation::write, request.size, request.node);
    co_await device_.serve(request);
    if (request.operation == Operation::read)
      co_await way_.carry(Operation::read, request.size, request.node);
  }

 private:
  BlockDevice& device_;
  HostWay& way_;
};

}  // namespace models::storage::device
