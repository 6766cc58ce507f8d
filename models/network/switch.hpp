// The host's virtual switch: a bridge, a router, network address translation, or a network without
// an uplink.
//
// Models  what forwarding costs whoever hands a batch over; guest to guest without the wire,
// routing
//         or translation: one network; what is for nobody here goes to the uplink.
// Omits   learning and flooding (stations are known), broadcast, firewall rules beyond NAT's.
// Source  costs.hpp; libvirt's network forward modes for the names.
// Checked tests/models/network/switch_test.cpp.
#pragma once

#include <vector>

#include "models/network/costs.hpp"
#include "models/network/path.hpp"

namespace models::network {

// isolated: guests and host reach each other, and nobody else.
enum class SwitchMode { bridge, routed, nat, isolated };

class Switch : public Port {
 public:
  Switch(sim::Engine& engine, SwitchMode mode, const SwitchCosts& costs, sim::Hertz clock);

  // `behind`: what crossing to or from that station costs on top.
  void attach(int station, Port& port, const Cost& behind = {});
  // Where other stations are. Throws of a switch in mode isolated, which has none.
  void set_uplink(Port& uplink);

  sim::Engine& engine() override { return engine_; }
  sim::Task<> send(Batch batch, Thread& on) override;
  const Traffic& traffic() const { return traffic_; }  // dropped: for nobody

 private:
  struct Station {
    int station;
    Port* port;
    Cost behind;
  };
  const Station* known(int station) const;

  sim::Engine& engine_;
  Cost within_;   // between its stations
  Cost through_;  // between them and others
  sim::Hertz clock_;
  bool isolated_;
  std::vector<Station> stations_;
  Port* uplink_ = nullptr;
  Traffic traffic_;
};

}  // namespace models::network
