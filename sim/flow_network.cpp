#include "sim/flow_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/capacity.hpp"
#include "sim/error.hpp"

namespace sim {

FlowNetwork::FlowNetwork(Engine& engine, std::vector<double> capacity)
    : engine_{engine},
      capacity_{std::move(capacity)},
      load_(capacity_.size(), 0.0),
      advanced_{engine.now()},
      solve_{Event::calling<&FlowNetwork::solve>(engine, *this)},
      done_{Event::calling<&FlowNetwork::finish>(engine, *this)} {
  for (const double c : capacity_) check_capacity(c);
}

FlowNetwork::Transfer FlowNetwork::transfer(std::vector<int> route, double work, double weight,
                                            double bound) {
  FlowDemand demand{std::move(route), weight, bound};
  check(demand);
  return Transfer{*this, std::move(demand), work};
}

void FlowNetwork::check(const FlowDemand& demand) const {
  for (auto link = demand.route.begin(); link != demand.route.end(); ++link) {
    if (*link < 0 || static_cast<std::size_t>(*link) >= capacity_.size())
      throw ModelError{fmt::format("a route over link {} of {}", *link, capacity_.size())};
    if (std::find(demand.route.begin(), link, *link) != link)
      throw ModelError{fmt::format("a route over link {} twice", *link)};
  }
  if (!(demand.weight > 0.0) || !(demand.bound > 0.0))
    throw ModelError{"a transfer's weight and bound are above 0"};
  if (demand.route.empty() && std::isinf(demand.bound))
    throw ModelError{"a transfer without route needs a bound"};
}

void FlowNetwork::set_capacity(int link, double capacity) {
  check_capacity(capacity);
  advance();
  capacity_.at(static_cast<std::size_t>(link)) = capacity;
  change();
}

void FlowNetwork::enter(FlowDemand demand, double work, std::coroutine_handle<> waiter) {
  advance();
  demands_.push_back(std::move(demand));
  flows_.push_back({work, waiter});
  rate_.push_back(0.0);
  change();
}

void FlowNetwork::change() {
  if (!solve_.pending()) solve_.after(Duration::zero());
}

void FlowNetwork::advance() {
  const double elapsed_s = seconds(engine_.now() - advanced_);
  advanced_ = engine_.now();
  if (elapsed_s <= 0.0) return;
  for (std::size_t f = 0; f < flows_.size(); ++f) flows_[f].left -= rate_[f] * elapsed_s;
}

void FlowNetwork::solve() {
  advance();
  rate_ = max_min_rates(capacity_, demands_);
  std::fill(load_.begin(), load_.end(), 0.0);
  double first_s = std::numeric_limits<double>::infinity();
  for (std::size_t f = 0; f < flows_.size(); ++f) {
    for (const int link : demands_[f].route) load_[static_cast<std::size_t>(link)] += rate_[f];
    if (rate_[f] > 0.0) first_s = std::min(first_s, std::max(0.0, flows_[f].left) / rate_[f]);
  }
  if (std::isinf(first_s)) {
    done_.cancel();
  } else {
    done_.after(picoseconds_ceil(first_s * 1e12));
  }
}

void FlowNetwork::finish() {
  advance();
  std::vector<std::coroutine_handle<>> leaving;
  std::size_t kept = 0;
  for (std::size_t f = 0; f < flows_.size(); ++f) {
    // The event is rounded up to a picosecond: whoever is within two is done.
    if (flows_[f].left <= rate_[f] * 2e-12) {
      leaving.push_back(flows_[f].waiter);
      continue;
    }
    if (kept != f) {
      flows_[kept] = flows_[f];
      demands_[kept] = std::move(demands_[f]);
      rate_[kept] = rate_[f];
    }
    ++kept;
  }
  flows_.resize(kept);
  demands_.resize(kept);
  rate_.resize(kept);
  change();
  for (const std::coroutine_handle<> waiter : leaving) waiter.resume();
}

}  // namespace sim
