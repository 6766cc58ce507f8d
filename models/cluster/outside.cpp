#include "models/cluster/outside.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/cluster/flow_engine.hpp"
#include "sim/error.hpp"

namespace models::cluster {
namespace {

// Beside the program, where its run path leads.
constexpr const char* kModule = "tenancy_simgrid.so";
constexpr double kRounding = 1.0 + 1e-9;

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

std::vector<Port> all_ports(const NetworkDescription& network, int hosts,
                            const std::vector<Port>& further) {
  std::vector<Port> all(static_cast<std::size_t>(hosts), {.bandwidth = network.bandwidth,
                                                          .latency = network.latency / 2,
                                                          .data_share = tcp_share(network.mtu)});
  all.insert(all.end(), further.begin(), further.end());
  return all;
}

FlowNetwork flow_network(const NetworkDescription& network, const std::vector<Port>& ports,
                         bool streams) {
  FlowNetwork flows{.ports = {}, .switch_Bps = network.switching.count(), .streams = streams};
  for (const Port& port : ports)
    flows.ports.push_back({port.bandwidth.count(), sim::seconds(port.latency), port.behind_switch});
  return flows;
}

}  // namespace

Outside::Outside(sim::Engine& engine, const NetworkDescription& network, int hosts,
                 const std::vector<Port>& further, bool streams)
    : engine_{engine},
      network_{network},
      began_{engine.now()},
      ports_{all_ports(network, hosts, further)},
      traffic_(ports_.size()),
      flows_{load(flow_network(network, ports_, streams))},
      change_{sim::Event::calling<&Outside::on_change>(engine, *this)} {}

Outside::~Outside() = default;

bool Outside::loaded() {
  return dlopen(kModule, RTLD_NOW | RTLD_NOLOAD) != nullptr;
}

void Outside::Transfer::await_suspend(std::coroutine_handle<> waiter) {
  outside_.start(from_, to_, on_wire_B_, late_, waiter);
}

void Outside::start(int from, int to, double on_wire_B, bool late, std::coroutine_handle<> waiter) {
  catch_up();
  if (free_.empty()) {
    free_.push_back(static_cast<int>(open_.size()));
    open_.emplace_back();
  }
  const int flow = free_.back();
  free_.pop_back();
  const double bytes = std::max(1.0, std::round(on_wire_B));  // whole ones, as SimGrid's
  open_[static_cast<std::size_t>(flow)] = {waiter, from, to, bytes};
  ++under_way_;
  begun_B_ += bytes;
  flows_->start(flow, from, to, bytes, late);
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
    Flow& done = open_[static_cast<std::size_t>(flow)];
    traffic_[static_cast<std::size_t>(done.from)].sent_B += done.bytes;
    traffic_[static_cast<std::size_t>(done.to)].received_B += done.bytes;
    ended_.push_back(done.waiter);
    done = {};
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

std::vector<std::string> Outside::violations() const {
  std::vector<std::string> all;
  double left_B = 0.0, ended_B = 0.0;
  for (const Flow& flow : open_) left_B += flow.bytes;
  const double elapsed_s = sim::seconds(engine_.now() - began_);
  for (std::size_t port = 0; port < ports_.size(); ++port) {
    ended_B += traffic_[port].received_B;
    const double most_B = ports_[port].bandwidth.count() * elapsed_s * kRounding;
    for (const double bytes : {traffic_[port].sent_B, traffic_[port].received_B}) {
      if (bytes > most_B)
        all.push_back(
            fmt::format("port {} outside carried {:.0f} B in {:.6f} s", port, bytes, elapsed_s));
    }
  }
  if (ended_B + left_B != begun_B_)
    all.push_back(fmt::format("outside: {:.0f} B sent, {:.0f} B arrived, {:.0f} B under way",
                              begun_B_, ended_B, left_B));
  return all;
}

}  // namespace models::cluster
