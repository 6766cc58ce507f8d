// The storage servers outside the box, and the hosts' sessions with them.
//
// Part of the composition root: each server has disks, arrays and volumes as a host has, and cores
// that work for commands and arrays. A guest's disk at "<server>.<disk, array or volume>" lies on a
// part of those; the same disk opened from another host is the same part.
// Checked tests/models/storage_network_test.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/cluster/outside.hpp"
#include "models/host_description.hpp"
#include "models/host_storage.hpp"
#include "models/remote_disk.hpp"
#include "models/results.hpp"
#include "sim/engine.hpp"
#include "sim/server.hpp"

namespace models {

class StorageNetwork {
 public:
  // Ports beyond the hosts' that `hosts` need to reach the servers that their disks lie on.
  static std::vector<cluster::Port> ports(const std::vector<HostDescription>& hosts);

  // `outside` null: only looked at. Throws ConfigError for servers that cannot be.
  StorageNetwork(sim::Engine& engine, const std::vector<HostDescription>& hosts,
                 cluster::Outside* outside);

  // As host number `host` reaches it; lives as long as this.
  HostStorage::Remote& from(std::size_t host) { return *reaches_[host]; }

  void begin_measuring();
  void report(double measured_s, Results& results) const;
  void check(Results& results) const;  // commands in are commands out and under way

 private:
  // A thread of a server's kernel, on its cores.
  class ServerThread final : public storage::Thread {
   public:
    ServerThread(sim::Engine& engine, sim::Server& cores) : turns_{engine}, cores_{cores} {}
    sim::Engine& engine() { return cores_.engine(); }
    sim::Task<> work(sim::Duration cpu_time) override;

   private:
    sim::Server turns_;
    sim::Server& cores_;
  };
  struct ServerThreads final : HostStorage::Threads {
    ServerThreads(sim::Engine& of, sim::Server& on) : engine{of}, cores{on} {}
    storage::Thread& add(const std::string& name) override;
    sim::Engine& engine;
    sim::Server& cores;
    std::deque<ServerThread> threads;
  };
  struct Box {
    Box(sim::Engine& engine, const StorageServer& server, HostDescription as_host);
    const StorageServer& description;
    HostDescription as_host;  // its storage, and the disks that lie there as guests'
    sim::Server cores;
    ServerThreads threads;
    HostStorage storage;
    int port = -1;
    std::map<std::string, std::unique_ptr<storage::BlockDevice>> parts;  // by owner
    std::map<std::size_t, RemoteSession> sessions;                       // by host
    std::map<std::size_t, int> adapters;                                 // ports, fc only
    ServerStats stats;
    cluster::Outside::Traffic before;
  };
  class Reach final : public HostStorage::Remote {
   public:
    Reach(StorageNetwork& network, std::size_t host) : network_{network}, host_{host} {}
    std::unique_ptr<storage::BlockDevice> open(const std::string& on, sim::Bytes size,
                                               const std::string& owner,
                                               HostStorage::Threads& threads) override;

   private:
    StorageNetwork& network_;
    std::size_t host_;
  };
  RemoteSession& session(Box& box, std::size_t host, HostStorage::Threads& threads);

  sim::Engine& engine_;
  const std::vector<HostDescription>& hosts_;
  cluster::Outside* outside_;
  std::deque<Box> boxes_;
  std::vector<std::unique_ptr<Reach>> reaches_;  // [host]
};

}  // namespace models
