#include "models/guest_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/network_paths.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr int kFirstClient = -1'000;  // stations of clients; a host's cables have those above

const cluster::ClientDescription* find_client(const HostDescription& first,
                                              const std::string& name) {
  for (const cluster::ClientDescription& client : first.clients) {
    if (client.name == name) return &client;
  }
  return nullptr;
}

// The host's NIC that a VM's is on.
std::string nic_of(const HostDescription& host, const VmDescription& vm) {
  if (vm.nics.empty() || host.nics.empty()) return {};
  return vm.nics.front().on.empty() ? host.nics.front().nic.name : vm.nics.front().on;
}

// A virtual function is on no network of the host's, whatever its mode says.
bool isolated(const VmDescription& vm) {
  return !vm.nics.empty() && vm.nics.front().mode == NicMode::isolated &&
         vm.nics.front().model != network::GuestNicModel::sriov;
}

void check_peer(const std::vector<HostDescription>& hosts, const HostDescription& own,
                const VmDescription& vm, sim::Complaints& complaints) {
  const workload::NetProfile& net = vm.workload.net;
  if (!net.any() || net.peer.empty()) return;
  const auto need = [&](bool holds, const std::string& text) {
    complaints.need(holds, fmt::format("vm.{}.workload.net.peer: {}", vm.name, text));
  };
  need(net.partner == workload::Partner::outside, "partner says already whom it talks to");
  const std::string nobody = "on an isolated network, which reaches nobody outside";
  if (find_client(hosts.front(), net.peer) != nullptr) return need(!isolated(vm), nobody);
  for (const HostDescription& host : hosts) {
    const VmDescription* peer = host.vm_named(net.peer);
    if (peer == nullptr) continue;
    need(peer != &vm, "is its own class; set partner = \"guest\" instead");
    need(!peer->nics.empty(), fmt::format("vm.{} has no NIC", peer->name));
    need(&host != &own || nic_of(host, *peer) == nic_of(host, vm),
         fmt::format("vm.{} is on the same host and on another of its NICs", peer->name));
    if (&host == &own) {
      need(
          isolated(vm) == isolated(*peer),
          fmt::format("vm.{} is not on the same network, and one of them is isolated", peer->name));
    } else {
      need(!isolated(vm), nobody);
      need(!isolated(*peer), fmt::format("vm.{} is {}", peer->name, nobody));
    }
    return;
  }
  need(false, fmt::format("no [cluster.client.{}], and no [[vm]] of that name", net.peer));
}

}  // namespace

void check_peers(const std::vector<HostDescription>& hosts, sim::Complaints& complaints) {
  for (const HostDescription& host : hosts) {
    for (const VmDescription& vm : host.vms) check_peer(hosts, host, vm, complaints);
  }
}

bool talks_outside(const HostDescription& host) {
  return std::any_of(host.vms.begin(), host.vms.end(), [&](const VmDescription& vm) {
    const workload::NetProfile& net = vm.workload.net;
    return net.any() && !net.peer.empty() && host.vm_named(net.peer) == nullptr;
  });
}

// --- the clients ---------------------------------------------------------------------------------

// A machine; `count` of a description are that many.
struct GuestNetwork::Client : network::Receiver {
  Client(GuestNetwork& network, const HostDescription& host,
         const cluster::ClientDescription& described, int of_station, int of_port, int connections)
      : owner{network},
        description{described},
        station{of_station},
        port{of_port},
        stack{network.engine_, network::StackConfig{.costs = host.vmm.network.stack,
                                                    .mtu = described.mtu,
                                                    .tso = true,
                                                    .clock = host.peer.clock}} {
    network::NicConfig config;
    config.name = described.name;
    config.rate = described.bandwidth;
    config.mtu = described.mtu;
    config.queues = connections;
    config.rx_ring = 4'096;  // as long as rings are (82599): nothing is lost outside
    config.driver = host.vmm.network.driver;
    config.clock = host.peer.clock;
    std::vector<network::Thread*> threads;
    for (int i = 0; i < connections; ++i)
      threads.push_back(&softirqs.emplace_back(network.engine_, host.peer.interrupt_wake));
    nic = std::make_unique<network::Nic>(network.engine_, config, threads, stack);
    stack.set_device(*nic);
    nic->connect(*this, sim::Duration::zero());
    wake = host.peer.wake;
  }
  // From its NIC.
  void arrive(const network::Batch& batch) override { owner.carry(port, batch); }

  GuestNetwork& owner;
  const cluster::ClientDescription& description;
  int station;
  int port;
  network::Stack stack;
  std::deque<network::OwnCpu> softirqs;
  std::deque<network::OwnCpu> apps;
  std::unique_ptr<network::Nic> nic;
  sim::Duration wake{};
  cluster::Outside::Traffic before{};
};

std::vector<cluster::Port> GuestNetwork::ports(const HostDescription& host) {
  std::vector<cluster::Port> all;
  for (const cluster::ClientDescription& client : host.clients) {
    for (int i = 0; i < client.count; ++i)
      all.push_back({.bandwidth = client.bandwidth, .latency = client.latency});
  }
  return all;
}

GuestNetwork::GuestNetwork(sim::Engine& engine, const std::vector<HostDescription>& hosts,
                           cluster::Outside* outside, int first_port)
    : engine_{engine}, hosts_{hosts}, outside_{outside}, paths_(hosts.size(), nullptr) {
  for (std::size_t host = 0; host < hosts.size(); ++host)
    reaches_.emplace_back(*this, static_cast<int>(host));
  if (outside_ == nullptr) return;
  int number = 0;
  for (const cluster::ClientDescription& client : hosts.front().clients) {
    int connections = 0;
    for (const HostDescription& host : hosts) {
      for (const VmDescription& vm : host.vms) {
        if (vm.workload.net.peer == client.name && !vm.arrives)
          connections += vm.count * vm.workload.net.connections;
      }
    }
    for (int i = 0; i < client.count; ++i, ++number) {
      Client& made = clients_.emplace_back(*this, hosts.front(), client, kFirstClient - number,
                                           first_port + number, std::max(1, connections));
      ways_[made.station] = {made.port, made.nic.get()};
    }
  }
}

GuestNetwork::~GuestNetwork() {
  engine_.end_processes();  // they hold places in the clients' queues
}

network::Place GuestNetwork::client_place(Client& client) {
  return {.station = client.station,
          .stack = &client.stack,
          .app = &client.apps.emplace_back(engine_, client.wake)};
}

// --- ways ----------------------------------------------------------------------------------------

void GuestReach::attach(int station, network::Nic& nic) {
  network_.ways_[station] = {host_, &nic};
}

void GuestReach::carry(const network::Batch& batch) {
  network_.carry(host_, batch);
}

void GuestNetwork::join(std::size_t host, NetworkPaths& paths) {
  paths_[host] = &paths;
}

network::Place GuestReach::place(const std::string& name, int member, int connection, int flow) {
  std::vector<GuestNetwork::Client*> machines;
  for (GuestNetwork::Client& client : network_.clients_) {
    if (client.description.name == name) machines.push_back(&client);
  }
  if (!machines.empty()) {
    const auto turn = static_cast<std::size_t>(member + connection) % machines.size();
    return network_.client_place(*machines[turn]);
  }
  for (std::size_t host = 0; host < network_.hosts_.size(); ++host) {
    if (network_.hosts_[host].vm_named(name) != nullptr)
      return network_.paths_[host]->place(name, member, connection, flow);
  }
  throw sim::ModelError{"nobody is called " + name};
}

void GuestNetwork::carry(int port, const network::Batch& batch) {
  const auto to = ways_.find(batch.to->station());
  if (to == ways_.end() || outside_ == nullptr) {
    unknown_.drop(batch);
    return;
  }
  Line& line = lines_[{batch.from, batch.to}];
  line.waiting.push_back(batch);
  if (!line.sending) engine_.spawn(send(*this, port, to->second, line));
}

sim::Process GuestNetwork::send(GuestNetwork& network, int port, Way to, Line& line) {
  line.sending = true;
  while (!line.waiting.empty()) {
    const network::Batch batch = line.waiting.front();
    line.waiting.pop_front();
    co_await network.outside_->stream(port, to.port, on_wire(batch));
    network.engine_.spawn(arrive(network, network.outside_->latency(port, to.port), to, batch));
  }
  line.sending = false;
}

sim::Process GuestNetwork::arrive(GuestNetwork& network, sim::Duration latency, Way to,
                                  network::Batch batch) {
  co_await network.engine_.delay(latency);
  to.nic->arrive(batch);
}

// --- what came of it -----------------------------------------------------------------------------

void GuestNetwork::begin_measuring() {
  for (Client& client : clients_) client.before = outside_->traffic(client.port);
}

void GuestNetwork::report(double measured_s, Results& results) const {
  for (const cluster::ClientDescription& description : hosts_.front().clients) {
    double sent_B = 0.0, received_B = 0.0;
    for (const Client& client : clients_) {
      if (client.description.name != description.name) continue;
      const cluster::Outside::Traffic& now = outside_->traffic(client.port);
      sent_B += now.sent_B - client.before.sent_B;
      received_B += now.received_B - client.before.received_B;
    }
    const double most_B = description.bandwidth.count() * description.count * measured_s;
    results.metrics.push_back(
        {fmt::format("client.{}.port.in", description.name), received_B / most_B});
    results.metrics.push_back(
        {fmt::format("client.{}.port.out", description.name), sent_B / most_B});
  }
}

}  // namespace models
