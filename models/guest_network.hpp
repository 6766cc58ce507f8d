// What guests reach beyond their host's cables: client machines, and guests of other hosts.
//
// Part of the composition root: hosts' NICs and clients' meet at the ports of what lies outside the
// box (cluster/outside.hpp), where their traffic shares links with migrations and storage, each
// connection as one flow; what a port has no room for yet waits in TCP's window.
//
// Models  a machine a client, with a NIC and a kernel of its own and CPUs that are no bottleneck,
//         as at the other end of a host's cable (PeerDescription).
// Omits   loss outside the box; a host's several NICs share its port.
// Checked tests/models/guest_network_test.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/cluster/outside.hpp"
#include "models/host_description.hpp"
#include "models/network/nic.hpp"
#include "models/network/own_cpu.hpp"
#include "models/network/stack.hpp"
#include "models/network/traffic.hpp"
#include "models/results.hpp"
#include "sim/engine.hpp"
#include "sim/error.hpp"

namespace models {

class NetworkPaths;

// What cannot be about whom guests talk to.
void check_peers(const std::vector<HostDescription>& hosts, sim::Complaints& complaints);

// Whether anything that its VMs say leaves `host`.
bool talks_outside(const HostDescription& host);

class GuestNetwork;

// As one host sees it.
class GuestReach {
 public:
  GuestReach(GuestNetwork& network, int host) : network_{network}, host_{host} {}
  // Stations of all hosts differ. 0: the host itself.
  int station(int of_host) const { return (host_ << kHostBits) + of_host; }
  // `nic` is what `station` is reached by.
  void attach(int station, network::Nic& nic);
  // From one of the host's NICs.
  void carry(const network::Batch& batch);
  // An end of a connection with `name`: one of the machines of a client, or of a class's VMs, in
  // turn by `member`.
  network::Place place(const std::string& name, int member, int connection, int flow);

 private:
  static constexpr int kHostBits = 20;
  GuestNetwork& network_;
  int host_;
};

class GuestNetwork {
 public:
  // Ports that the clients need, beyond all others.
  static std::vector<cluster::Port> ports(const HostDescription& host);

  // `first_port`: the first of those. `outside` null: nothing leaves a box.
  GuestNetwork(sim::Engine& engine, const std::vector<HostDescription>& hosts,
               cluster::Outside* outside, int first_port);
  GuestNetwork(const GuestNetwork&) = delete;
  GuestNetwork& operator=(const GuestNetwork&) = delete;
  ~GuestNetwork();

  sim::Engine& engine() { return engine_; }
  GuestReach& from(std::size_t host) { return reaches_[host]; }
  // Host number `host`'s guests, for whom talks to them.
  void join(std::size_t host, NetworkPaths& paths);

  void begin_measuring();
  void report(double measured_s, Results& results) const;

 private:
  friend class GuestReach;
  struct Client;
  struct Way {
    int port = 0;
    network::Nic* nic = nullptr;
  };
  struct Line {  // a connection in one direction: one flow outside, a batch after the other
    std::deque<network::Batch> waiting;
    bool sending = false;
  };
  void carry(int port, const network::Batch& batch);
  static sim::Process send(GuestNetwork& network, int port, Way to, Line& line);
  static sim::Process arrive(GuestNetwork& network, sim::Duration latency, Way to,
                             network::Batch batch);
  network::Place client_place(Client& client);

  sim::Engine& engine_;
  const std::vector<HostDescription>& hosts_;
  cluster::Outside* outside_;
  std::deque<GuestReach> reaches_;
  std::vector<NetworkPaths*> paths_;  // [host]
  std::deque<Client> clients_;
  std::map<int, Way> ways_;  // [station]
  std::map<std::pair<const network::Socket*, const network::Socket*>, Line> lines_;
  network::Traffic unknown_;
};

}  // namespace models
