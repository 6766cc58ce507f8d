// Flows as SimGrid's communications under its model of TCP (LV08: Velho and Legrand, SIMUTools
// 2009), which shares links max-min fair; what headers take is counted by who asks. Connections
// stand open: latency counts once, without slow start. LV08 gives flows of longer round trips less;
// where there are streams, whose latency is their sender's affair (outside.hpp), shares are even
// (weight-S).
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <utility>

#include "models/cluster/flow_engine.hpp"

namespace models::cluster {
namespace {

namespace s4u = simgrid::s4u;

constexpr double kNoLimit_Bps = 1e15;
constexpr double kLeastLatency_s = 1e-9;  // flows without any would not share evenly

class SimGridFlows final : public FlowEngine {
 public:
  explicit SimGridFlows(const FlowNetwork& network)
      : arguments_{network.streams ? 8 : 7},
        engine_{&arguments_, argv_},
        began_s_{s4u::Engine::get_clock()} {
    s4u::NetZone* zone = s4u::create_star_zone("outside");
    s4u::Link* core = nullptr;
    if (network.switch_Bps > 0)
      core = zone->create_link("switch", network.switch_Bps)->set_latency(0)->seal();
    for (const FlowNetwork::Port& own : network.ports) {
      const std::string name = std::to_string(hosts_.size());
      auto* port = zone->create_split_duplex_link("port" + name, own.Bps);
      port->set_latency(network.streams ? 0.0 : own.latency_s);
      port->seal();
      const auto end = [&](const std::string& kind, double cable_s) {
        s4u::Host* host = zone->create_host(kind + name, 1e9);
        std::vector<s4u::LinkInRoute> up{{port, s4u::LinkInRoute::Direction::UP}};
        std::vector<s4u::LinkInRoute> down{{port, s4u::LinkInRoute::Direction::DOWN}};
        if (core != nullptr && own.behind_switch) up.emplace_back(core);
        if (network.streams) {
          auto* cable = zone->create_link("cable of " + kind + name, kNoLimit_Bps);
          cable->set_latency(cable_s);
          cable->set_sharing_policy(s4u::Link::SharingPolicy::FATPIPE);
          cable->seal();
          up.emplace_back(cable);
          down.emplace_back(cable);
        }
        zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr, up, false);
        zone->add_route(nullptr, host->get_netpoint(), nullptr, nullptr, down, false);
        return host;
      };
      hosts_.push_back(end("host", own.latency_s));
      if (network.streams) streams_.push_back(end("stream", kLeastLatency_s));
    }
    zone->seal();
  }

  ~SimGridFlows() override {
    for (auto& [flow, comm] : flows_) comm->cancel();
  }

  void advance(double to_s) override {
    if (began_s_ + to_s > s4u::Engine::get_clock()) engine_.run_until(began_s_ + to_s);
  }

  double next_s() override {
    double soonest = -1.0;
    for (simgrid::kernel::resource::Model* model : engine_.get_all_models()) {
      const double next = model->next_occurring_event(s4u::Engine::get_clock());
      if (next >= 0 && (soonest < 0 || next < soonest)) soonest = next;
    }
    return soonest;
  }

  void start(int flow, int from, int to, double bytes, bool late) override {
    const std::vector<s4u::Host*>& ends = late ? hosts_ : streams_;
    s4u::CommPtr comm = s4u::Comm::sendto_init();
    comm->set_payload_size(bytes);
    comm->set_source(ends.at(from));
    comm->set_destination(ends.at(to));  // both known: it begins
    flows_.emplace_back(flow, std::move(comm));
  }

  std::vector<int> finished() override {
    std::vector<int> ended;
    for (auto it = flows_.begin(); it != flows_.end();) {
      if (it->second->get_state() != s4u::Activity::State::FINISHED) {
        ++it;
        continue;
      }
      ended.push_back(it->first);
      it = flows_.erase(it);
    }
    return ended;
  }

 private:
  // Precision of times: a picosecond, ours. Bandwidth is of what is on the wire, headers and all.
  // Full: lazy updates (SimGrid 3.32) let flows of several ports that begin at one instant go
  // faster than their port, until the first of them ends.
  char name_[8] = "tenancy", quiet_[32] = "--log=root.thres:critical",
       latency_[40] = "--cfg=network/latency-factor:1.0",
       bandwidth_[40] = "--cfg=network/bandwidth-factor:1.0",
       one_way_[32] = "--cfg=network/crosstraffic:0", precision_[32] = "--cfg=surf/precision:1e-12",
       updates_[32] = "--cfg=network/optim:Full", even_[32] = "--cfg=network/weight-S:1e12";
  char* argv_[9] = {name_,      quiet_,   latency_, bandwidth_, one_way_,
                    precision_, updates_, even_,    nullptr};
  int arguments_;
  s4u::Engine engine_;
  double began_s_;                           // SimGrid's clock runs on from engine to engine
  std::vector<s4u::Host*> hosts_, streams_;  // [port]
  std::vector<std::pair<int, s4u::CommPtr>> flows_;
};

}  // namespace

extern "C" FlowEngine* tenancy_flow_engine(const FlowNetwork& network) {
  if (s4u::Engine::is_initialized()) return nullptr;
  return new SimGridFlows{network};
}

}  // namespace models::cluster
