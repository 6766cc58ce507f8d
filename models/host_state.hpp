// The state of a running host: its threads, VMs and classes of VMs. Plain records of the
// composition root; RunningHost (running_host.hpp) is what moves them.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/compute/cold_cache.hpp"
#include "models/compute/contention.hpp"
#include "models/guest/progress.hpp"
#include "models/host_description.hpp"
#include "models/memory/placement.hpp"
#include "models/memory/virtual_node.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/vmm/halt_poll.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/histogram.hpp"
#include "sim/tally.hpp"

namespace models {

class RunningHost;

// Of a thread of the host, in its unit of work (kEmulatorUnit_s of CPU time), or of a guest's
// vCPU, in instructions: when it is done, somebody goes on.
struct Job {
  double work;
  std::coroutine_handle<> waiter;
  bool before_all = false;
  bool lingers = false;  // who goes on may have more to do: the thread does not sleep before
};
inline constexpr double kYield_cycles = 2'000.0;  // locks of two queues, skip and next [recall]

// A host thread: a vCPU, a VM's emulator, or one of the kernel's (vm -1).
struct Worker {
  Worker(RunningHost& owner, int vm_index, const vmm::HaltPollTunables& tunables);
  void on_done();
  // Asked for at each step of a thread; what comes last is rare.
  RunningHost& host;
  int vm;
  scheduler::ThreadId thread = scheduler::kNoThread;
  compute::StreamId stream = -1;                  // -1: an emulator
  std::coroutine_handle<> waiter;                 // resumed when the work is done
  const std::vector<double>* accesses = nullptr;  // of a vCPU, by node, as its pace was last told
  sim::Event done;
  int awaited_ios = 0;     // of its jobs
  bool serving = false;    // a vCPU at its jobs, not at its process
  bool resuming = false;   // goes through its jobs: another one need not start it
  bool dead = false;       // its VM was killed
  bool interrupt = false;  // runs on whatever CPU it is bound to, without waking a thread
  bool woken = false;      // runnable again but not yet run: pays the wake-up path
  bool halts = false;      // goes to sleep once it has a CPU: lost it on the way, or put off
  int put_off = 0;         // times, its going to sleep at this instant
  bool polling = false;    // halted, but keeps its CPU for a while
  bool for_tick = false;   // runs for a tick of its clock only
  bool spinning = false;   // waits for another vCPU, on its CPU while it has one
  bool in_kernel = false;  // of its guest, when it lost its CPU
  guest::Progress progress;
  compute::StreamState state;  // in force: what booked time was spent at
  double misses = 0.0;         // since measuring began
  double remote_misses = 0.0;
  double miss_wait_s = 0.0;
  sim::Bytes part{};         // of its VM's memory, which it touches where it first runs
  double untouched_B = 0.0;  // running time's worth of first touches not yet placed
  double displaced = -1.0;   // instructions of a vCPU's process that wait for its jobs; -1: none
  std::deque<Job> jobs;      // front: the one in work
  sim::Instant waiting_since{};  // runnable, without a CPU
  sim::Instant halted_at{};
  sim::Instant busy_since{};
  compute::ColdCache::Refill refill{};  // that it owed when it was last switched in
  vmm::HaltPoll poll;
  int virtual_node = 0;
  double lost_ticks = 0.0;  // since measuring began
  double clock_behind_s = 0.0;
  double asleep_s = 0.0;  // of the scheduler's part: its CPU was waking
  std::uint64_t faults = 0;
  double spin_window = 0.0;             // cycles, until a pause-loop exit
  std::vector<int> flush_waiters;       // workers that wait until this one has run
  int flushes_awaited = 0;              // vCPUs that have yet to run for this one
  std::uint64_t pause_exits = 0;        // since measuring began
  double exits = 0.0;                   // the same, those that come one by one
  bool gave_way = false;                // lost it by a directed yield of its own
  bool eligible = false;                // for a directed yield, although it gave way
  bool faulting = false;                // its present work ends at a page that is not there
  int pages_awaited = 0;                // by its tasks
  std::coroutine_handle<> page_waiter;  // no task is left to run before a page comes
  std::uint64_t node_moves = 0;         // since watch_moves()
};
struct RunningVm {
  const VmDescription* description = nullptr;
  int kind = 0;                                        // class
  std::vector<int> vcpus;                              // workers
  std::vector<int> nodes;                              // where its vCPUs may run
  int emulator = -1;                                   // worker
  scheduler::LimitId emulators = scheduler::kNoLimit;  // of its threads but vCPUs and I/O threads
  memory::Placement placement;
  sim::Random modes;               // user or kernel, of vCPUs that lose their CPU
  std::size_t last_boosted = 0;    // vCPU
  int in_memory = -1;              // of HostMemory; -1: memory cannot run short
  std::vector<double> accesses{};  // where they go by node, as the pace was last told
  std::vector<memory::VirtualNode> virtual_nodes{};  // none: its guest sees one
  std::vector<std::vector<double>> node_accesses{};  // [virtual node]
  bool filling = false;
  std::shared_ptr<class OpenRequests> requests{};  // null: its vCPUs ask for their own work
};
// From being woken to having a CPU.
struct WakeupDelay {
  void record(double delay_s) {
    mean.record(delay_s);
    spread.record(delay_s);
  }
  sim::Tally mean;
  sim::Histogram spread;
};
struct VmKind {
  const VmDescription* description = nullptr;
  std::vector<int> vms;
  double tick_cycles = 0.0;  // of one tick of the guest's clock
  int killed = 0;
  sim::Histogram latency;
  WakeupDelay wakeup;
};

}  // namespace models
