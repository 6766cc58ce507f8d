// A disk behind the network: how a host's request becomes commands of a session, travels to the
// server as flows, is served by the disks there, and comes back.
//
//   place in the disk's queue and the session -> CPU of the host's thread -> command (and data)
//     over the network -> CPU of the server -> its disks -> answer (and data) back -> CPU
//
// Models  commands of at most max_transfer; writes whose data waits for the server's leave, burst
//         by burst, beyond what goes along; queue depth of the disk, commands of the session,
//         threads of the host that the scheduler finds CPUs for, cores of the server; NFS: a write
//         that somebody waits for is durable when answered, others by COMMIT.
// Omits   the server's page cache, CPU time of leaves to send, lost connections, several paths.
// Source  RFC 7143 (iSCSI), RFC 8881 (NFS 4.1), FCP-4; costs as storage_server_description.hpp.
// Checked tests/models/storage_network_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/cluster/outside.hpp"
#include "models/storage/block_device.hpp"
#include "models/storage_server_description.hpp"
#include "sim/engine.hpp"
#include "sim/histogram.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"
#include "sim/tally.hpp"

namespace models {

// What came of the commands to a server since measuring began, and where their time went.
struct ServerStats {
  std::uint64_t commands = 0;
  double bytes = 0.0;
  sim::Tally latency_s;
  sim::Histogram latency;
  double session_s = 0.0;  // waiting for a place
  double client_s = 0.0;
  double network_s = 0.0;
  double cpu_s = 0.0;
  double disks_s = 0.0;
};

// How far commands have come since the run began.
struct CommandCounts {
  std::uint64_t begun = 0;     // have their place in the session
  std::uint64_t arrived = 0;   // at the server
  std::uint64_t served = 0;    // by its disks
  std::uint64_t answered = 0;  // and taken by the host
  std::uint64_t open = 0;      // places taken
};

// Of a host with a server.
class RemoteSession {
 public:
  struct Ends {
    cluster::Outside* outside;  // null: only looked at, never used
    int host, server;           // ports
  };
  RemoteSession(sim::Engine& engine, const StorageServer& server, Ends ends, sim::Server& cores,
                sim::Hertz clock, std::vector<storage::Thread*> threads, ServerStats& stats);

  sim::Engine& engine() { return engine_; }
  const StorageServer& server() const { return server_; }
  const CommandCounts& counts() const { return counts_; }

 private:
  friend class RemoteDisk;
  cluster::Outside::Transfer send(sim::Bytes amount) {
    return ends_.outside->send(ends_.host, ends_.server, amount);
  }
  cluster::Outside::Transfer answer(sim::Bytes amount) {
    return ends_.outside->send(ends_.server, ends_.host, amount);
  }
  sim::Task<> work(storage::Thread& thread, sim::Cycles cycles);
  sim::Task<> compute(sim::Cycles cycles);
  storage::Thread& next_thread() { return *threads_[turn_++ % threads_.size()]; }

  sim::Engine& engine_;
  const StorageServer& server_;
  Ends ends_;
  sim::Server& cores_;
  sim::Hertz clock_;
  std::vector<storage::Thread*> threads_;
  std::size_t turn_ = 0;
  sim::Server places_;
  ServerStats& stats_;
  CommandCounts counts_;
};

class RemoteDisk final : public storage::BlockDevice {
 public:
  // `part`: of the server's disks.
  RemoteDisk(RemoteSession& session, storage::BlockDevice& part);

  sim::Engine& engine() override { return session_.engine(); }
  sim::Bytes capacity() const override { return part_.capacity(); }
  sim::Task<> serve(storage::Request request) override;

 private:
  sim::Task<> command(storage::Request request);
  sim::Task<> to_server(storage::Request request);

  RemoteSession& session_;
  storage::BlockDevice& part_;
  sim::Server queue_;
  bool unstable_ = false;  // NFS: writes that a COMMIT has yet to make durable
};

}  // namespace models
