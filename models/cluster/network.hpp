// What lies between hosts: a port each, and a switch that all ports meet at; ports of storage
// servers, and of hosts' adapters on a fabric of their own.
#pragma once

#include "sim/units.hpp"

namespace models::cluster {

struct NetworkDescription {
  sim::BytesPerSecond bandwidth{1.25e9};  // of a host's port, each direction: 10 Gbit/s
  sim::Duration latency{50'000'000};      // from one host to another, 50 us
  sim::BytesPerSecond switching{};        // of all ports together; zero: the switch is no limit
};

struct Port {
  sim::BytesPerSecond bandwidth;  // each direction
  sim::Duration latency;          // to the switch
  bool behind_switch = true;      // else on a fabric that is no limit
};

}  // namespace models::cluster
