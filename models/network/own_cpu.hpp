// A CPU of its own for one thread: of a machine whose scheduler is not simulated, such as a client.
//
// Models  work first come first served; waking from idle takes a while before the first of it.
// Checked tests/models/network/traffic_test.cpp.
#pragma once

#include "models/network/path.hpp"
#include "sim/server.hpp"

namespace models::network {

class OwnCpu : public Thread {
 public:
  explicit OwnCpu(sim::Engine& engine, sim::Duration wake_latency = {})
      : cpu_{engine}, wake_latency_{wake_latency} {}
  sim::Engine& engine() { return cpu_.engine(); }
  sim::Task<> work(sim::Duration cpu_time) override {
    const bool asleep = working_ == 0 && cpu_.engine().now() > last_;
    ++working_;
    if (asleep) co_await engine().delay(wake_latency_);
    co_await cpu_.serve(cpu_time);
    busy_ += cpu_time;
    --working_;
    last_ = engine().now();
  }
  void owe_exits(int, sim::Cycles) override {}  // no machine of ours: it has no VMM
  sim::Duration busy() const { return busy_; }

 private:
  sim::Server cpu_;
  sim::Duration wake_latency_;
  int working_ = 0;
  sim::Instant last_{};
  sim::Duration busy_{};
};

}  // namespace models::network
