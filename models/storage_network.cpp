#include "models/storage_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "models/guest_network.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

// What lies on the server, as disks of a host: how large each is to be is shared out there.
HostDescription as_host(const StorageServer& server, const std::vector<HostDescription>& hosts) {
  HostDescription host;
  host.name = server.name;
  host.storage = server.storage;
  const std::string prefix = server.name + ".";
  for (const HostDescription& one : hosts) {
    for (const VmDescription& vm : one.vms) {
      if (vm.arrives) continue;
      VmDescription user;
      user.name = vm.name;
      user.count = vm.count;
      for (const DiskDescription& disk : vm.disks) {
        for (const std::string& on : {disk.on, disk.backing}) {
          if (on.starts_with(prefix)) user.disks.emplace_back().on = on.substr(prefix.size());
        }
      }
      if (!user.disks.empty()) host.vms.push_back(std::move(user));
    }
  }
  return host;
}

bool uses(const HostDescription& host, const StorageServer& server) {
  const auto there = [&](const std::string& on) {
    const StorageServer* found = host.server_of(on);
    return found != nullptr && found->name == server.name;
  };
  return std::any_of(host.storage.disks.begin(), host.storage.disks.end(),
                     [&](const HostDisk& disk) { return there(disk.on); }) ||
         std::any_of(host.vms.begin(), host.vms.end(), [&](const VmDescription& vm) {
           return std::any_of(vm.disks.begin(), vm.disks.end(), [&](const DiskDescription& disk) {
             return there(disk.on) || there(disk.backing);
           });
         });
}

// Fibre Channel's links are called by rounded figures: nG are n x 1.0625 GBd in 8b/10b to 8G, n x
// 0.8766 in 64b/66b from 16G (FC-PI-5, FC-PI-6), which is 106.25 MB/s for each either way.
constexpr double kFibreChannelRate = 0.85;  // 106.25 of 125 MB/s

bool is_fibre_channel_rate(sim::BytesPerSecond rate) {
  for (double Gbps = 1.0; Gbps <= 128.0; Gbps *= 2.0) {
    if (std::abs(rate.count() * 8e-9 - Gbps) < 1e-6 * Gbps) return true;
  }
  return false;
}

cluster::Port port_of(const StorageServer& server, const cluster::NetworkDescription& network) {
  if (server.protocol == StorageProtocol::fc) {
    return {.bandwidth = server.bandwidth * kFibreChannelRate,
            .latency = server.latency / 2,
            .behind_switch = false,
            .data_share = cluster::kFibreChannelShare};
  }
  return {.bandwidth = server.bandwidth.count() > 0 ? server.bandwidth : network.bandwidth,
          .latency = network.latency / 2,
          .data_share = cluster::tcp_share(network.mtu)};
}

}  // namespace

const StorageServer* HostDescription::server_of(const std::string& on) const {
  const auto found = std::find_if(servers.begin(), servers.end(), [&](const StorageServer& one) {
    return on.starts_with(one.name + ".");
  });
  return found == servers.end() ? nullptr : &*found;
}

bool HostDescription::leaves_the_box() const {
  if (!migrations.empty()) return true;
  if (talks_outside(*this) || std::any_of(others.begin(), others.end(), talks_outside)) return true;
  return std::any_of(servers.begin(), servers.end(), [&](const StorageServer& server) {
    return uses(*this, server) ||
           std::any_of(others.begin(), others.end(), [&](HostDescription other) {
             other.servers = servers;
             return uses(other, server);
           });
  });
}

// The servers' own, then an adapter for each host that reaches one by Fibre Channel.
std::vector<cluster::Port> StorageNetwork::ports(const std::vector<HostDescription>& hosts) {
  std::vector<cluster::Port> all;
  const HostDescription& first = hosts.front();
  for (const StorageServer& server : first.servers) {
    const bool fc = server.protocol == StorageProtocol::fc;
    const cluster::Port port = port_of(server, first.network);
    all.push_back(port);
    for (const HostDescription& host : hosts) {
      if (fc && uses(host, server)) all.push_back(port);
    }
  }
  return all;
}

StorageNetwork::Box::Box(sim::Engine& engine, const StorageServer& server, HostDescription there)
    : description{server},
      as_host{std::move(there)},
      cores{engine, server.cores},
      threads{engine, cores},
      storage{engine, as_host, threads} {}

StorageNetwork::StorageNetwork(sim::Engine& engine, const std::vector<HostDescription>& hosts,
                               cluster::Outside* outside)
    : engine_{engine}, hosts_{hosts}, outside_{outside} {
  int port = static_cast<int>(hosts.size());
  for (const StorageServer& server : hosts.front().servers) {
    HostDescription there = as_host(server, hosts);
    try {
      sim::Complaints complaints;
      complaints.need(
          server.protocol != StorageProtocol::fc || is_fibre_channel_rate(server.bandwidth),
          "bandwidth: Fibre Channel has links of its own, of \"1 Gbit/s\", 2, 4, 8, 16, 32, 64 or "
          "128; \"8 Gbit/s\" is 8GFC, which carries 826.5 MB/s of data");
      check_storage(there, complaints);
      complaints.raise();
      Box& box = boxes_.emplace_back(engine, server, std::move(there));
      box.port = port++;
      for (std::size_t host = 0; host < hosts.size(); ++host) {
        if (server.protocol == StorageProtocol::fc && uses(hosts[host], server))
          box.adapters[host] = port++;
      }
    } catch (const sim::ConfigError& error) {
      throw sim::ConfigError{fmt::format("cluster.storage.{}: {}", server.name, error.what())};
    }
  }
  for (std::size_t host = 0; host < hosts.size(); ++host)
    reaches_.push_back(std::make_unique<Reach>(*this, host));
}

sim::Task<> StorageNetwork::ServerThread::work(sim::Duration cpu_time) {
  const sim::Server::Held turn = co_await turns_.hold();
  co_await cores_.serve(cpu_time);
}

storage::Thread& StorageNetwork::ServerThreads::add(const std::string&) {
  return threads.emplace_back(engine, cores);
}

RemoteSession& StorageNetwork::session(Box& box, std::size_t host, HostStorage::Threads& threads) {
  const auto known = box.sessions.find(host);
  if (known != box.sessions.end()) return known->second;
  std::vector<storage::Thread*> own;
  for (int i = 0; i < box.description.session.connections; ++i)
    own.push_back(&threads.add(fmt::format("{}.{}", box.description.name, i)));
  const auto adapter = box.adapters.find(host);
  const int port = adapter == box.adapters.end() ? static_cast<int>(host) : adapter->second;
  return box.sessions
      .try_emplace(host, engine_, box.description,
                   RemoteSession::Ends{.outside = outside_, .host = port, .server = box.port},
                   box.cores, hosts_[host].hardware.frequency, std::move(own), box.stats)
      .first->second;
}

std::unique_ptr<storage::BlockDevice> StorageNetwork::Reach::open(const std::string& on,
                                                                  sim::Bytes size,
                                                                  const std::string& owner,
                                                                  HostStorage::Threads& threads) {
  for (Box& box : network_.boxes_) {
    const std::string prefix = box.description.name + ".";
    if (!on.starts_with(prefix)) continue;
    std::unique_ptr<storage::BlockDevice>& part = box.parts[owner];
    if (!part) part = box.storage.part(on.substr(prefix.size()), size, owner);
    return std::make_unique<RemoteDisk>(network_.session(box, host_, threads), *part);
  }
  throw sim::ConfigError{fmt::format("no storage server holds \"{}\"", on)};
}

void StorageNetwork::begin_measuring() {
  for (Box& box : boxes_) {
    box.stats = {};
    box.cores.restart_stats();
    box.storage.begin_measuring();
    if (outside_ != nullptr) box.before = outside_->traffic(box.port);
  }
}

void StorageNetwork::report(double measured_s, Results& results) const {
  if (outside_ == nullptr) return;
  for (const Box& box : boxes_) {
    const std::string& name = box.description.name;
    const ServerStats& stats = box.stats;
    const auto put = [&](std::string_view quantity, double value) {
      results.metrics.push_back({fmt::format("storage.{}.{}", name, quantity), value});
    };
    put("requests", static_cast<double>(stats.commands) / measured_s);
    put("bandwidth", stats.bytes / measured_s);
    put("latency.mean", stats.latency_s.mean());
    for (const auto& [what, share] : {std::pair{"p50", 0.50}, {"p99", 0.99}})
      put(fmt::format("latency.{}", what), stats.latency.percentile(share));
    const double all_s =
        stats.session_s + stats.client_s + stats.network_s + stats.cpu_s + stats.disks_s;
    for (const auto& [what, part_s] : {std::pair{"session", stats.session_s},
                                       {"client", stats.client_s},
                                       {"network", stats.network_s},
                                       {"cpu", stats.cpu_s},
                                       {"disks", stats.disks_s}})
      put(fmt::format("time.{}", what), all_s > 0 ? part_s / all_s : 0.0);
    const double cpu = box.cores.stats().busy.average(engine_.now()) / box.description.cores;
    const cluster::Outside::Traffic& now = outside_->traffic(box.port);
    const double most_B = outside_->bandwidth(box.port).count() * measured_s;
    const double in = (now.received_B - box.before.received_B) / most_B;
    const double out = (now.sent_B - box.before.sent_B) / most_B;
    put("cpu.utilisation", cpu);
    put("port.in", in);
    put("port.out", out);
    results.utilisation.push_back({name + ".cpus", cpu});
    results.utilisation.push_back({name + ".port", std::max(in, out)});
    Results arrays;
    box.storage.report(measured_s, arrays);
    for (const Metric& metric : arrays.metrics)
      results.metrics.push_back({fmt::format("cluster.{}.{}", name, metric.name), metric.value});
  }
}

void StorageNetwork::check(Results& results) const {
  for (const Box& box : boxes_) {
    for (const auto& [host, session] : box.sessions) {
      const CommandCounts& counts = session.counts();
      const bool ordered = counts.begun >= counts.arrived && counts.arrived >= counts.served &&
                           counts.served >= counts.answered;
      if (ordered && counts.begun == counts.answered + counts.open &&
          counts.open <= static_cast<std::uint64_t>(box.description.session.commands))
        continue;
      results.violations.push_back(fmt::format(
          "storage.{}, host {}: {} commands begun, {} arrived, {} served, {} answered, {} open",
          box.description.name, host, counts.begun, counts.arrived, counts.served, counts.answered,
          counts.open));
    }
  }
}

}  // namespace models
