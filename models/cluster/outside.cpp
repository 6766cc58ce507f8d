#include "models/cluster/outside.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/cluster/flow_engine.hpp"
#include "sim/error.hpp"

namespace models::cluster {
namespace {

// Beside the program, where its run path leads.
constexpr const char* kModule = "tenancy_simgrid.so";

std::unique_ptr<FlowEngine> load(const FlowNetwork& network) {
  void* module = dlopen(kModule, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr)
    throw sim::ConfigError{fmt::format(
        "cluster: what lies outside the box needs SimGrid: {}; build with libsimgrid-dev",
        dlerror())};
  const auto make = reinterpret_cast<MakeFlowEngine>(dlsym(module, kFlowEngineSymbol));
  if (make == nullptr) throw sim::ConfigError{fmt::format("cluster: {}", dlerror())};
  std::unique_ptr<FlowEngine> engine{make(network)};
  if (!engine)
    throw sim::ConfigError{
        "cluster: SimGrid has one engine a process, and this one has it already"};
  return engine;
}

}  // namespace

Outside::Outside(sim::Engine& engine, const NetworkDescription& network, int hosts)
    : engine_{engine},
      network_{network},
      began_{engine.now()},
      flows_{load({.hosts = hosts,
                   .port_Bps = network.bandwidth.count(),
                   .latency_s = sim::seconds(network.latency),
                   .switch_Bps = network.switching.count()})},
      change_{sim::Event::calling<&Outside::on_change>(engine, *this)} {}

Outside::~Outside() = default;

bool Outside::loaded() {
  return dlopen(kModule, RTLD_NOW | RTLD_NOLOAD) != nullptr;
}

void Outside::Transfer::await_suspend(std::coroutine_handle<> waiter) {
  outside_.start(from_, to_, amount_, waiter);
}

void Outside::start(int from, int to, sim::Bytes amount, std::coroutine_handle<> waiter) {
  catch_up();
  if (free_.empty()) {
    free_.push_back(static_cast<int>(waiters_.size()));
    waiters_.emplace_back();
  }
  const int flow = free_.back();
  free_.pop_back();
  waiters_[static_cast<std::size_t>(flow)] = waiter;
  ++under_way_;
  flows_->start(flow, from, to, static_cast<double>(amount.count()));
  await_change();
}

// Rounds up, so that the change has come when the event has.
void Outside::await_change() {
  if (!ended_.empty()) return change_.after(sim::Duration::zero());
  const double next_s = under_way_ > 0 ? flows_->next_s() : -1.0;
  if (next_s < 0) return change_.cancel();
  change_.after(std::max(sim::Duration{1}, sim::picoseconds_ceil(next_s * 1e12)));
}

void Outside::catch_up() {
  flows_->advance(sim::seconds(engine_.now() - began_));
  for (const int flow : flows_->finished()) {
    ended_.push_back(waiters_[static_cast<std::size_t>(flow)]);
    free_.push_back(flow);
    --under_way_;
  }
}

void Outside::on_change() {
  catch_up();
  const std::vector<std::coroutine_handle<>> ended = std::exchange(ended_, {});
  await_change();
  for (const std::coroutine_handle<> waiter : ended) waiter.resume();
}

}  // namespace models::cluster
