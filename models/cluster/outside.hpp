// The world outside the box: flows of data between ports, on SimGrid.
//
//   co_await outside.send(from, to, 64_MiB);
//
// Our queue is the master of time. SimGrid stands at the instant of the last start or end of a
// flow; before either it is brought up to now. Between them its future is settled, so that it can
// say when the next change comes, and an event of ours waits there. So nothing in SimGrid is ever
// later than our clock, and what ends there goes on here at that instant (rounded up to a
// picosecond).
//
// Models  ports and a switch that flows share max-min fair, latency, TCP's window, headers as their
//         share of full packets.
// Omits   loss, slow start, queues of the switch, packets that are not full.
// Source  SimGrid 3.32, model LV08.
// Checked tests/models/cluster/outside_test.cpp.
//
// SimGrid has one engine a process: a second Outside at the same time is refused. Runs that leave
// the box have processes of their own (scenarios/worker_process.hpp).
#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <vector>

#include "models/cluster/network.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/units.hpp"

namespace models::cluster {

class FlowEngine;

class Outside {
 public:
  class Transfer {
   public:
    Transfer(Outside& outside, int from, int to, double on_wire_B, bool late)
        : outside_{outside}, from_{from}, to_{to}, on_wire_B_{on_wire_B}, late_{late} {}
    bool await_ready() const noexcept { return on_wire_B_ <= 0; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}

   private:
    Outside& outside_;
    int from_, to_;
    double on_wire_B_;
    bool late_;
  };

  // Throws sim::ConfigError when SimGrid cannot be loaded, or has an engine already.
  // Ports 0 to hosts - 1 are the hosts'; `further` ones follow. `streams`: there will be any.
  Outside(sim::Engine& engine, const NetworkDescription& network, int hosts,
          const std::vector<Port>& further = {}, bool streams = false);
  ~Outside();
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

  // A message: there after the latency and its transfer.
  Transfer send(int from, int to, sim::Bytes data) {
    const double share = ports_[static_cast<std::size_t>(from)].data_share;
    return {*this, from, to, static_cast<double>(data.count()) / share, true};
  }
  // Requires that it was made for streams. The next part of one, headers and all: has left when its
  // transfer ends, and is there latency() later.
  Transfer stream(int from, int to, sim::Bytes on_wire) {
    return {*this, from, to, static_cast<double>(on_wire.count()), false};
  }
  sim::Duration latency(int from, int to) const {
    return ports_[static_cast<std::size_t>(from)].latency +
           ports_[static_cast<std::size_t>(to)].latency;
  }
  int under_way() const { return under_way_; }
  // What has gone through a port, headers and all, in whole bytes: flows count when they have
  // ended.
  struct Traffic {
    double sent_B = 0.0;
    double received_B = 0.0;
  };
  const Traffic& traffic(int port) const { return traffic_[static_cast<std::size_t>(port)]; }
  sim::BytesPerSecond bandwidth(int port) const {
    return ports_[static_cast<std::size_t>(port)].bandwidth;
  }
  // Broken invariants, in words: bytes begun are bytes ended and under way, no port carried more
  // than it can.
  std::vector<std::string> violations() const;
  const NetworkDescription& network() const { return network_; }
  sim::Engine& engine() { return engine_; }

  // Whether this process has loaded SimGrid at all.
  static bool loaded();

 private:
  friend class Transfer;
  void start(int from, int to, double on_wire_B, bool late, std::coroutine_handle<> waiter);
  void catch_up();
  void await_change();
  void on_change();

  sim::Engine& engine_;
  NetworkDescription network_;
  sim::Instant began_;
  std::vector<Port> ports_;
  std::vector<Traffic> traffic_;  // [port]
  double begun_B_ = 0.0;
  std::unique_ptr<FlowEngine> flows_;
  sim::Event change_;
  struct Flow {
    std::coroutine_handle<> waiter;
    int from = 0, to = 0;
    double bytes = 0.0;
  };
  std::vector<Flow> open_;                      // [flow]
  std::vector<int> free_;                       // flows that are none
  std::vector<std::coroutine_handle<>> ended_;  // to be resumed
  int under_way_ = 0;
};

}  // namespace models::cluster
