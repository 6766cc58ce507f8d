// One VM's live migration, as QEMU does it: pre-copy.
//
//   round 0 copies all memory, round i + 1 what was written during round i; when what is left takes
//   no longer than the allowed downtime at the measured bandwidth, the VM stops, the rest and the
//   devices' state follow, and it goes on at the other host.
//   With memory M, bandwidth B and a constant dirty rate D < B:  time = M/B sum (D/B)^i
//
// Models  zero pages that are not sent, the log's faults in the guest (dirty_logs.hpp), splitting
//         of large pages when logging begins, a sending and a receiving thread that must find CPUs
//         and pay for their sockets as any stream does, their memory traffic, flows that share
//         links (cluster/outside.hpp), bandwidth limit, a timeout that cancels or suspends. Disks
//         on storage servers are opened again at the other host once their requests have come back;
//         others are copied before memory and while it moves (drive-mirror): all of a disk, then
//         what the guest has written since, the last of it while the VM stands still.
// Omits   auto-converge, XBZRLE, multifd, compression, post-copy, caches and page tables that are
//         cold at the destination, the guest's page cache and an image's growth among them, the
//         workload's position within a burst, holes of a disk that is copied.
// Source  QEMU migration/ram.c, migration.c (2.x to 8.x); costs as VmmDescription's lines say.
// Checked tests/models/migration_test.cpp.
#pragma once

#include <vector>

#include "models/host_description.hpp"
#include "models/network/memory_distance.hpp"
#include "models/tracked_part.hpp"
#include "sim/join.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
namespace cluster {
class Outside;
}

// What became of one.
struct MigrationOutcome {
  enum class State { waiting, copying, done, cancelled };
  State state = State::waiting;
  sim::Instant began{};
  sim::Instant ended{};
  sim::Duration downtime{};
  int rounds = 0;
  double transferred_B = 0.0;
  double left_B = 0.0;           // of this round, or dirty at its end
  double storage_B = 0.0;        // of disks, sent
  sim::Duration storage_took{};  // until the disks stood at the other host for the first time
  double executed = 0.0;         // instructions of the guest while under way
  sim::Duration ran{};           // from the start until the guest stopped, or until now
};

class Migration {
 public:
  struct End {
    RunningHost& host;
    int number;  // in the network
    int vm;
  };
  Migration(sim::Engine& engine, cluster::Outside& outside, const MigrationDescription& description,
            End from, End to);

  sim::Task<> run();
  // As of now.
  MigrationOutcome outcome();
  sim::Engine& engine() { return engine_; }

 private:
  sim::Task<> copy(double pages, bool round);
  sim::Task<> deliver(double pages, sim::Join& loads);
  sim::Task<> load(double pages);
  sim::Task<> send_work(sim::Cycles each, double pages);
  sim::Task<> send_pages(double pages);
  double from_memory_s(const End& end, int worker) const;
  void load_memory(double Bps);
  sim::Task<> copy_disks();
  sim::Task<> finish_disks();
  sim::Process keep_copying(std::size_t disk);
  sim::Task<> copy_marked(std::size_t disk);
  sim::Task<> move_extents(std::size_t disk);
  double marked_B() const;
  void give_up();
  void stop();
  double with_written(double unsent, double all);
  sim::Task<> look_at_zeros(const End& end, int worker, double read, double mapped);
  bool late() const;
  double executed() const;

  sim::Engine& engine_;
  cluster::Outside& outside_;
  const MigrationDescription& description_;
  End from_, to_;
  int sender_, receiver_;  // workers
  network::MemoryDistance distance_here_, distance_there_;
  double executed_before_ = 0.0;
  double traffic_Bps_ = 0.0;  // of the last piece, from the end of the one before
  sim::Instant delivered_{};  // the last piece's end
  sim::Instant stopped_{};
  double unsent_ = 0.0;  // pages of the round
  MigrationOutcome outcome_;
  std::vector<TrackedPart*> disks_, disks_there_;
  sim::Server pace_;        // keeps a limit on bandwidth
  bool mirroring_ = false;  // the guest runs, its disks stand at the other host
  int moving_ = 0;          // extents under way
  sim::Signal still_;       // none is
};

}  // namespace models
