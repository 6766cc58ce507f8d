// The wired host: threads of guests and their emulators on the scheduler's CPUs, paced by
// contention, driven by one coroutine per vCPU.
//
// Part of the composition root (host.hpp): knows every leaf, is known by none. Callbacks from the
// scheduler are booked at once; paces follow at the end of the same instant (`settle`), so that
// many switches at one tick cost one solution.
#pragma once

#include <coroutine>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/compute/cold_cache.hpp"
#include "models/compute/contention.hpp"
#include "models/compute/idle_states.hpp"
#include "models/host.hpp"
#include "models/host_state.hpp"
#include "models/host_storage.hpp"
#include "models/memory/placement.hpp"
#include "models/pinning.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"

namespace models {

class RunningHost final : public scheduler::Dispatch {
 public:
  // Storage servers, clients and other hosts' guests that it reaches; null: none.
  RunningHost(sim::Engine& engine, const HostDescription& description,
              HostStorage::Remote* remote = nullptr, class GuestReach* reach = nullptr);
  ~RunningHost() override;

  // Spawns the guests, which start before the warm-up ends if there is one; then run the engine.
  void start(sim::Duration warmup);
  void watch_moves();  // from here on moves between nodes are counted, for age_memory()
  void age_memory();   // of VMs with an age: spread as those moves have spread it by now
  void begin_measuring();
  bool tests_ended() const;
  Results results(const RunLength& length, bool check);
  sim::Engine& engine() { return engine_; }

  // For the paths of I/O (guest_disk.hpp). A piece of work on a host's thread, in thread_work(), or
  // of a guest's kernel, in instructions, before processes; `waker`: CPU that it is woken from.
  struct Run {
    RunningHost& host;
    int worker;
    double work;
    scheduler::CpuId waker;
    bool before_all = false;  // jobs that are not have to wait, even if they have begun
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  Run run(int worker, double work, scheduler::CpuId waker) { return {*this, worker, work, waker}; }
  double thread_work(sim::Cycles cycles) const;
  static double thread_work(sim::Duration time) { return sim::seconds(time) / kEmulatorUnit_s; }
  static sim::Duration thread_time(double ns) { return sim::from_seconds(ns * kEmulatorUnit_s); }
  // What a vCPU pays before it goes on: exits of a kind, cycles beside them.
  void owe_exits(int worker, int count, vmm::ExitKind kind);
  void owe_cycles(int worker, sim::Cycles cycles, int exits = 0);
  void owe_interrupt(int worker);        // that comes from a thread of the host
  void await_ios(int worker, int more);  // or fewer: its jobs'
  scheduler::CpuId cpu_of(int worker) const { return scheduler_->cpu_of(thread_of(worker)); }
  bool polls(int worker) const;  // looks for what it waits for, awake
  const vmm::BlockCosts& block_costs() const { return description_.vmm.block; }

  void switched(scheduler::CpuId cpu, scheduler::ThreadId previous,
                scheduler::ThreadId next) override;
  void migrated(scheduler::ThreadId thread, scheduler::CpuId from, scheduler::CpuId to) override;

 private:
  friend class Barriers;
  friend class Boots;
  friend class Clocks;
  friend class CoScheduling;
  friend class DirtyLogs;
  friend class GuestLocks;
  friend class GuestPlacement;
  friend class MemoryPressure;
  friend class Migration;
  friend class RunningCluster;
  friend class IoPaths;
  friend class NetworkPaths;
  friend class NumaBalancing;
  friend class NumaDaemon;
  friend class OpenRequests;
  friend class HugePages;
  friend struct Worker;
  static constexpr double kEmulatorUnit_s = 1e-9;  // an emulator's work is counted in nanoseconds
  using Vm = RunningVm;
  using Kind = VmKind;
  struct Compute {  // awaitables of a vCPU's life
    RunningHost& host;
    int worker;
    double instructions;
    scheduler::CpuId waker;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  struct Emulate {
    RunningHost& host;
    int thread;  // worker
    sim::Duration work;
    int halting;  // the vCPU that halts once its request is handed over; -1: none
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  struct Flush {  // the TLBs of the VM's other vCPUs
    RunningHost& host;
    int worker;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  scheduler::ThreadId thread_of(int worker) const {
    return workers_[static_cast<std::size_t>(worker)].thread;
  }
  void go_before(Worker& worker, const Job& job);
  sim::Process live(int worker);
  void start_memory();   // once guests' memory lies somewhere
  void silence(int vm);  // its vCPUs stop for ever
  void arrive(int vm);   // from another host
  int add_kernel_thread();
  vmm::OwnMemory own_memory(const Vm& vm) const;
  sim::Bytes vmm_memory() const;  // of all VMs, the VMM's code once
  void report_own_memory(const Kind& kind, Results& results) const;
  Compute compute(int worker, double instructions, scheduler::CpuId waker) {
    return {*this, worker, instructions, waker};
  }
  Emulate emulate(int thread, sim::Duration work, int halting) {
    return {*this, thread, work, halting};
  }
  // A VM's has the quota of its emulators, if another one is not given.
  int add_thread(int vm, const std::vector<int>& cpus, scheduler::GroupId group);
  int add_thread(int vm, const std::vector<int>& cpus, scheduler::GroupId group,
                 scheduler::LimitId limit);
  scheduler::LimitId add_limit(sim::Duration quota, sim::Duration period);  // 0 s: none
  void spin(Worker& worker, std::coroutine_handle<> waiter);
  void spun(Worker& worker);
  void yield_to_interrupted(int worker);
  void lose_cpu(Worker& worker);
  bool can_use_yield(Worker& worker, int from) const;
  bool switching(scheduler::CpuId cpu);
  void grant(Worker& worker);
  void answer_flushes(Worker& worker);
  void owe_exit(Worker& worker, double cycles);
  double cycles_of(vmm::ExitKind kind) const;
  vmm::DeadlineTimer deadline_timer() const;
  double pause_window_s(const Worker& worker) const;
  double spin_limit_s(const Worker& worker) const;
  guest::InstructionTime instruction_time(const Worker& worker) const;
  void halt(int worker);
  void sleep(Worker& worker);
  void wake(Worker& worker, scheduler::CpuId waker);
  void wake_spinning(Worker& worker, scheduler::CpuId waker);
  void write_timer(int worker, bool after);
  bool may_poll(const Worker& worker) const;
  void stop_polling(Worker& worker);
  void catch_up_ticks(Worker& worker);
  bool ticks_when_idle(const Vm& vm) const;
  void owe_ticks(Worker& worker, double ticks);
  void finish(Worker& worker);
  void take_job(Worker& worker, scheduler::CpuId waker);
  void finish_job(Worker& worker);
  void rest(Worker& worker);  // nothing to do: sleeps, unless what is set off now asks for it
  void take_vcpu(Worker& worker, scheduler::CpuId waker);
  std::vector<scheduler::GroupConfig> groups() const;
  void build_vms(HostStorage::Remote* remote, GuestReach* reach);
  void share_lines();
  int add_worker(int vm, const std::vector<int>& cpus, scheduler::GroupId group,
                 scheduler::LimitId limit = scheduler::kNoLimit);
  void book(Worker& worker) {
    if (worker.progress.booked() != engine_.now()) book_anew(worker);
  }
  void book_anew(Worker& worker);
  void arm(Worker& worker);
  void enter_cpu(Worker& worker, scheduler::CpuId cpu);
  void leave_cpu(Worker& worker, scheduler::CpuId cpu);
  sim::Duration wake_cpu(scheduler::CpuId cpu);
  void settle();
  void settle_later();
  void book_cpu(scheduler::CpuId cpu, Worker& ran);
  double exits_of(const Worker& worker) const;
  void report_kind(const Kind& kind, const RunLength& length, Results& results) const;
  void report_host(const RunLength& length, Results& results) const;
  void check_time(const RunLength& length, Results& results) const;

  sim::Engine& engine_;
  const HostDescription& description_;
  topology::Topology topology_;
  compute::Contention contention_;
  compute::ColdCache cold_;
  memory::NodeMemory memory_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::deque<Worker> workers_;
  std::vector<int> worker_of_thread_;
  std::vector<int> worker_of_stream_;
  std::deque<Vm> vms_;
  std::vector<Kind> kinds_;
  std::vector<int> entered_;  // vCPUs switched in at this instant, refill not yet known
  sim::Event settle_, settle_again_;
  sim::Instant measured_from_{};
  double start_spread_s_ = 0.0;
  std::vector<double> node_busy_s_, cpu_busy_s_;  // [node]; [cpu]
  std::vector<sim::Instant> cpu_since_;           // [cpu]
  std::vector<compute::IdleGovernor> sleep_;      // [cpu]
  scheduler::SchedulerStats stats_before_;
  std::unique_ptr<class GuestPlacement> placement_;
  std::unique_ptr<class MemoryPressure> pressure_;  // null: memory cannot run short
  std::unique_ptr<class PcieCards> cards_;
  std::unique_ptr<class Clocks> clocks_;
  std::unique_ptr<class DirtyLogs> dirty_logs_;
  std::unique_ptr<class Barriers> barriers_;
  std::unique_ptr<class GuestLocks> locks_;
  std::unique_ptr<class CoScheduling> gangs_;  // null: vCPUs run without regard to each other
  std::unique_ptr<class NumaBalancing> numa_;
  std::unique_ptr<class NumaDaemon> numad_;
  std::unique_ptr<class HugePages> huge_;
  std::unique_ptr<class Boots> boots_;
  std::unique_ptr<class IoPaths> io_;
  std::unique_ptr<class NetworkPaths> network_;
};

}  // namespace models
