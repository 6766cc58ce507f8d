// The hosts of a scenario on one engine: one box, or several with migrations between them.
//
// Part of the composition root (host.hpp). What lies between boxes is started only when something
// leaves one.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/cluster/outside.hpp"
#include "models/guest_network.hpp"
#include "models/host_description.hpp"
#include "models/migration.hpp"
#include "models/results.hpp"
#include "models/running_host.hpp"
#include "models/storage_network.hpp"
#include "sim/engine.hpp"

namespace models {

// The hosts with VMs that will arrive at them written down as theirs, too; the first is the
// scenario's [host]. Throws sim::ConfigError for migrations that cannot be.
std::vector<HostDescription> hosts_of(const HostDescription& host);

class RunningCluster {
 public:
  RunningCluster(sim::Engine& engine, const HostDescription& host);
  ~RunningCluster();

  void start(sim::Duration warmup);
  void watch_moves();
  void age_memory();
  void begin_measuring();  // and the migrations' clocks
  bool tests_ended() const;
  Results results(const RunLength& length, bool check);

 private:
  struct Mover {  // of one class
    const MigrationDescription* description = nullptr;
    const VmDescription* vm = nullptr;
    std::size_t from = 0, to = 0;    // hosts
    int kind_from = 0, kind_to = 0;  // classes there
    std::deque<Migration> members;
    std::unique_ptr<sim::Server> slots;
  };
  sim::Process move(Mover& mover, Migration& migration);
  void build(const MigrationDescription& description);
  Results without_arrivals(std::size_t number, Results own) const;  // what VMs that come there do
  void add_host(std::size_t number, const Results& own, Results& all) const;
  void join_halves(const Mover& mover, const RunLength& length, const Results& other,
                   Results& all) const;
  void report(Mover& mover, const RunLength& length, Results& results);

  sim::Engine& engine_;
  std::vector<HostDescription> descriptions_;
  std::unique_ptr<cluster::Outside> outside_;  // null: nothing leaves the box
  std::unique_ptr<StorageNetwork> storage_;
  std::unique_ptr<GuestNetwork> guests_;
  std::deque<RunningHost> hosts_;
  std::deque<Mover> movers_;
};

}  // namespace models
