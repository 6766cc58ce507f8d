// The I/O of a running host: its disks and arrays, the guests' disks on them, the jobs that use
// those, and what came of it.
//
// Part of the composition root. Checked tests/models/io_paths_test.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/disk_path.hpp"
#include "models/host_description.hpp"
#include "models/host_storage.hpp"
#include "models/host_thread.hpp"
#include "models/memory/turns.hpp"
#include "models/results.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/storage/block_device.hpp"
#include "models/tracked_part.hpp"
#include "sim/engine.hpp"
#include "sim/histogram.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/server.hpp"
#include "sim/tally.hpp"

namespace models {

class RunningHost;

class IoPaths {
 public:
  // `remote` null: the host reaches no storage server.
  IoPaths(RunningHost& host, const HostDescription& description, HostStorage::Remote* remote);
  ~IoPaths();

  sim::Engine& engine();
  // The VM's disk and the threads that serve it, which may run on `cpus`.
  void add(int vm, const std::vector<int>& cpus, scheduler::GroupId group);
  void start();
  // Of a VM that starts later: its jobs begin.
  void begin_jobs(int vm);
  // A block of its first disk, anywhere, read by its first vCPU's kernel; returns when it is there.
  sim::Task<> read(int vm, sim::Bytes block, sim::Random& random);
  // The next part of a file on its first disk, read or written through its page cache by job `job`;
  // `position_B` goes on by it.
  sim::Task<> copy(int vm, storage::Operation operation, sim::Bytes amount, int job,
                   std::int64_t& position_B);
  // The worker that serves a device of the VM: a new thread, or one of dom0's.
  int backend(int vm, const std::vector<int>& cpus, scheduler::GroupId group);
  // QEMU's, of the VM's process: of handlers of the main loop and of vCPUs in emulated devices.
  sim::Server& big_lock(int vm);
  // A VM that migrates: its jobs stop, its requests come back, and its jobs go on at the other host
  // where they were.
  void stop(int vm);
  sim::Task<> drained(int vm);
  void arrive(int vm, const IoPaths& from, int vm_there);
  // Of disks whose contents move with it.
  std::vector<TrackedPart*> moving(int vm) const;
  // What VMs of the class did at the host that they moved to counts here, too.
  void join(int kind, const IoPaths& other, int other_kind);
  void begin_measuring();
  bool tests_ended() const;
  double transactions(int kind) const;
  double in_tests_s(int kind) const;  // from the first test's begin to the last one's end, mean
  // Shares of the time in which vCPUs of the class do nothing that its jobs wait for the VMM's
  // threads and for storage; zero for jobs that have times of their own to wait.
  struct Waiting {
    double threads = 0.0;
    double limits = 0.0;
    double image = 0.0;
    double redundancy = 0.0;
    double storage = 0.0;
  };
  Waiting waiting(int kind) const;
  void report(int kind, double measured_s, Results& results) const;
  void report_host(double measured_s, Results& results) const;
  void check(Results& results) const;  // requests in equal requests out and under way

 private:
  class KernelThreads final : public HostStorage::Threads {
   public:
    explicit KernelThreads(RunningHost& host) : host_{host} {}
    storage::Thread& add(const std::string& name) override;

   private:
    RunningHost& host_;
    std::deque<HostThread> threads_;
  };
  struct Counts {  // of a class, since measuring began
    std::uint64_t transactions = 0;
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t bytes = 0;
    sim::Histogram io;           // of an I/O
    sim::Histogram transaction;  // of all of a transaction
    sim::Tally io_s;
  };
  struct Stream {  // of a job: where it is in its part of the disk
    sim::Bytes from{};
    sim::Bytes size{};
    std::int64_t next_B = 0;  // from `from`, of who goes in order
    std::int64_t last_B = 0;  // where the last one was
    int file = 0;             // whose turn it is; next_B and last_B are in it
    int in_run = 0;           // I/Os since a random place
    std::optional<workload::Places> places{};
    std::int64_t most = 0;  // I/Os; 0: goes on
    std::int64_t issued = 0;
    std::int64_t begun = 0;  // transactions
    double due_s = 0.0;      // the next one, of random rates
    int unsynced = 0;
    std::set<std::int64_t> written{};  // files, since the last sync
  };
  struct TestRun {  // of one VM
    sim::Instant began = sim::kNever;
    sim::Instant ended = sim::kNever;
    std::uint64_t ios = 0;
    std::uint64_t bytes = 0;
  };
  struct TestTimes {  // of a class, of I/Os
    sim::Histogram spread;
    sim::Tally mean_s;
  };
  struct Batch {  // transactions of a job that have ended and wait for others to
    explicit Batch(sim::Engine& engine) : full{engine} {}
    sim::Signal full;
    int waiting = 0;
  };
  struct RunningGuest;
  struct Load {  // jobs of a guest: its workload's own, or a test's
    RunningGuest& guest;
    std::string name;  // of its random numbers
    workload::IoProfile profile;
    TestRun* test = nullptr;
    TestTimes* times = nullptr;
    std::vector<Stream*> streams{};  // [job]
    std::deque<Batch> batches{};     // [job], of jobs that begin several at once
    int at_work = 0;                 // jobs that have not ended
    bool over = false;               // its time is
  };
  struct RunningGuest {
    int vm = 0;
    int kind = 0;  // class
    const VmDescription* description = nullptr;
    std::vector<int> vcpus;  // workers
    std::string name;        // of its streams
    std::vector<std::unique_ptr<EventLoop>> loops;
    std::vector<std::unique_ptr<DiskPath>> disks;  // job i uses disk i mod their number
    Load* own = nullptr;                           // of its workload
    std::vector<TestRun> tests{};                  // as its workload's
    std::unique_ptr<sim::Signal> test_ended{};
    bool up = false;                     // runs jobs
    bool stopped = false;                // left for another host
    std::vector<TrackedPart*> moving{};  // of its disks
    std::vector<Stream> came_with{};     // where its jobs were at the other host
    memory::Turns turns{};               // nodes', for requests' data
  };
  storage::Thread& write_back_thread();
  void add_disk(RunningGuest& running, const DiskDescription& disk, int vm,
                const std::vector<int>& cpus, scheduler::GroupId group);
  bool moves(const VmDescription& vm, const DiskDescription& disk) const;
  RunningGuest* find(int vm);
  const RunningGuest* find(int vm) const;
  storage::throttle::Group* limits(const DiskDescription& disk);
  void begin_jobs(RunningGuest& running);
  sim::Process open_and_run(RunningGuest& running);
  void run_jobs(RunningGuest& running);
  struct Times {  // of a class's transfers, in seconds
    double vms = 0.0;
    double guest_s = 0.0;
    double vmm_s = 0.0;
    storage::Waits waits{};
    double storage_s = 0.0;  // the rest of what is below the VMM's threads
    double below_s() const {
      return waits.limits_s + waits.image_s + waits.redundancy_s + storage_s;
    }
    double kicks = 0.0;
    double interrupts = 0.0;
  };
  Times times(int kind) const;
  void report_caches(int kind, Results& results) const;
  void report_images(int kind, Results& results) const;
  void report_tests(int kind, Results& results) const;
  double test_s(const TestRun& run) const;
  void open_streams(Load& load);
  sim::Process run_tests(RunningGuest& running);
  sim::Task<> run_test(RunningGuest& running, std::size_t number);
  sim::Task<> sync_all(Load& load);
  sim::Task<> ended(RunningGuest& running, const std::string& test);
  sim::Process end_in_time(Load& load, sim::Duration runtime);
  static int stream_id(const Load& load, int job);
  sim::Process job(Load& load, int job, int slot);
  sim::Task<> loop(Load& load, int job, int slot);
  sim::Task<> think(const workload::IoProfile& profile, sim::Random& random);
  sim::Task<> batched(Load& load, int job, sim::Random& random);
  sim::Task<> until_due(const workload::IoProfile& profile, Stream& stream, sim::Instant began,
                        sim::Random& random);
  sim::Process arrivals(Load& load);
  sim::Process arrived(Load& load, int job, Stream& stream, sim::Random& random);
  sim::Task<> transaction(Load& load, int job, Stream& stream, sim::Random& random,
                          sim::Instant asked);
  sim::Task<> sync(Load& load, int job, Stream& stream);
  static void count(Counts& counts, const storage::Request& request, double took_s);
  void count(TestRun& run, TestTimes& times, const storage::Request& request, double took_s);
  static std::int64_t file_size(const workload::IoProfile& profile, const Stream& stream);
  int memory_node(RunningGuest& running);
  static std::int64_t place(const workload::IoProfile& profile, Stream& stream, sim::Bytes size,
                            sim::Random& random);
  static storage::Request next(const workload::IoProfile& profile, Stream& stream,
                               sim::Random& random);

  RunningHost& host_;
  const HostDescription& description_;
  std::vector<int> dom0_;                 // workers
  std::map<int, sim::Server> big_locks_;  // [VM]
  std::deque<sim::Server> loop_locks_;    // of I/O threads
  std::deque<storage::throttle::Group> limits_;
  std::map<std::string, storage::throttle::Group*> shared_limits_;
  KernelThreads kernel_;
  storage::Thread* write_back_ = nullptr;  // of kernel_; null: nothing is buffered
  HostStorage storage_;
  std::vector<Counts> counts_;                      // [class]
  std::vector<std::vector<TestTimes>> test_times_;  // [class][test]
  bool measuring_ = false;                          // tests run
  struct Half {
    const IoPaths* host;
    int kind;
  };
  std::map<int, Half> halves_;  // of a class that moved to another host
  std::deque<RunningGuest> guests_;
  std::deque<Load> loads_;
  std::deque<Stream> streams_;
};

}  // namespace models
