// Transfers through a network of links of limited capacity, at max-min fair rates (max_min.hpp).
//
// Rates hold from one change to the next. Changes of one instant are solved together, so a hundred
// transfers that start at once cost one solution.
//
//   FlowNetwork network{engine, {10e9, 10e9}};        // capacities of links 0 and 1, work a second
//   co_await network.transfer({0, 1}, 64e6);          // across both
//
// Work is in any unit; capacity is that unit a second.
// Omits   solving only the part of the network that a change can reach.
// Checked tests/sim/flow_network_test.cpp.
#pragma once

#include <coroutine>
#include <cstddef>
#include <vector>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/max_min.hpp"

namespace sim {

class FlowNetwork {
 public:
  class Transfer;

  // Throws ConfigError when a capacity is negative or not finite.
  FlowNetwork(Engine& engine, std::vector<double> capacity);
  FlowNetwork(const FlowNetwork&) = delete;
  FlowNetwork& operator=(const FlowNetwork&) = delete;

  // Done when `work` has passed; work <= 0 at once. Throws ModelError when the route names a link
  // that is not there or twice, or weight or bound is not above 0, or nothing bounds the rate.
  Transfer transfer(std::vector<int> route, double work, double weight = 1.0,
                    double bound = std::numeric_limits<double>::infinity());
  void set_capacity(int link, double capacity);

  Engine& engine() { return engine_; }
  // Sum of rates on the link as last solved; never above its capacity but by rounding.
  double load(int link) const { return load_[static_cast<std::size_t>(link)]; }
  std::size_t transfers() const { return flows_.size(); }

 private:
  struct Flow {
    double left = 0.0;
    std::coroutine_handle<> waiter;
  };
  void check(const FlowDemand& demand) const;
  void enter(FlowDemand demand, double work, std::coroutine_handle<> waiter);
  void advance();
  void solve();
  void finish();
  void change();

  Engine& engine_;
  std::vector<double> capacity_;
  std::vector<double> load_;
  std::vector<FlowDemand> demands_;  // [flow], beside flows_ and rate_
  std::vector<Flow> flows_;
  std::vector<double> rate_;
  Instant advanced_;
  Event solve_;
  Event done_;
};

class FlowNetwork::Transfer {
 public:
  Transfer(FlowNetwork& network, FlowDemand demand, double work)
      : network_{network}, demand_{std::move(demand)}, work_{work} {}
  bool await_ready() const noexcept { return work_ <= 0.0; }
  void await_suspend(std::coroutine_handle<> waiter) {
    network_.enter(std::move(demand_), work_, waiter);
  }
  void await_resume() const noexcept {}

 private:
  FlowNetwork& network_;
  FlowDemand demand_;
  double work_;
};

}  // namespace sim
