// What lies between hosts: a port each, and a switch that all ports meet at; ports of storage
// servers and clients, and of hosts' adapters on a fabric of their own.
#pragma once

#include <string>

#include "sim/units.hpp"

namespace models::cluster {

struct NetworkDescription {
  sim::BytesPerSecond bandwidth{1.25e9};  // of a host's port, each direction: 10 Gbit/s
  sim::Duration latency{50'000'000};      // from one host to another, 50 us
  sim::BytesPerSecond switching{};        // of all ports together; zero: the switch is no limit
  sim::Bytes mtu{1'500};                  // of hosts and storage servers
};

// Of a wire's time, what full packets leave to data: of TCP with timestamps on Ethernet (52 B of
// headers, 38 B of framing), and of Fibre Channel's frames (24 B of header, 4 each of SOF, CRC and
// EOF, 24 between frames).
constexpr double tcp_share(sim::Bytes mtu) {
  return (mtu - sim::Bytes{52}) / (mtu + sim::Bytes{38});
}
inline constexpr double kFibreChannelShare = 2'112.0 / 2'172.0;

// Machines that ask guests, or are asked by them.
struct ClientDescription {
  std::string name;
  int count = 1;
  sim::BytesPerSecond bandwidth{0.125e9};  // of each one's port, each direction: 1 Gbit/s
  sim::Duration latency{25'000'000};       // to the switch, one way, 25 us
  sim::Bytes mtu{1'500};
};

struct Port {
  sim::BytesPerSecond bandwidth;  // each direction
  sim::Duration latency;          // to the switch
  bool behind_switch = true;      // else on a fabric that is no limit
  double data_share = 1.0;        // of what it carries, the rest being headers
};

}  // namespace models::cluster
