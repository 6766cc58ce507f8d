#include "models/running_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "models/barrier.hpp"
#include "models/boots.hpp"
#include "models/clocks.hpp"
#include "models/co_scheduling.hpp"
#include "models/dirty_logs.hpp"
#include "models/guest_locks.hpp"
#include "models/guest_placement.hpp"
#include "models/host_scheduler.hpp"
#include "models/huge_pages.hpp"
#include "models/io_paths.hpp"
#include "models/memory_pressure.hpp"
#include "models/network_paths.hpp"
#include "models/numa_balancing.hpp"
#include "models/numa_daemon.hpp"
#include "models/pcie_cards.hpp"
#include "models/vmm/nesting.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr double kStartSpread_s = 0.02;           // of vCPUs: some scheduling periods
constexpr double kTickFootprint_B = 32 * 1024.0;  // code and data of a tick; assumption

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// How many times the guests' memory is the host's, where that is allowed at all.
double overcommit(const HostDescription& host) {
  if (!memory_may_run_short(host)) return 1.0;
  double wanted_B = 0.0;
  for (const VmDescription& vm : host.vms)
    wanted_B += vm.count * static_cast<double>(vm.memory.count());
  return std::max(
      1.0, 1.01 * wanted_B / static_cast<double>(topology::all_memory(host.hardware).count()));
}

compute::ContentionConfig contention_config(const std::set<Mechanism>& without) {
  return {.remote_latency = !without.contains(Mechanism::remote_latency),
          .link_bandwidth = !without.contains(Mechanism::link_bandwidth),
          .controller_queueing = !without.contains(Mechanism::controller_queueing),
          .llc_sharing = !without.contains(Mechanism::llc_sharing),
          .smt = !without.contains(Mechanism::smt),
          .turbo = !without.contains(Mechanism::turbo),
          .contended_lines = !without.contains(Mechanism::locks)};
}

double& part_of(guest::InstructionTime& time, Cause cause) {
  const auto part = std::find(guest::kPaceCauses.begin(), guest::kPaceCauses.end(), cause);
  return time.by_cause[static_cast<std::size_t>(part - guest::kPaceCauses.begin())];
}

guest::InstructionTime spinning_time(double instruction_s) {
  guest::InstructionTime time{.by_cause = {}, .total_s = instruction_s};
  part_of(time, Cause::spinning) = instruction_s;
  return time;
}

// The way out of one guest, of a vCPU that halts its HLT's, and into another.
sim::Duration world_switch(const HostDescription& host) {
  const sim::Cycles reflected = vmm::reflection(exit_hardware(host.hardware), host.vmm.exits);
  return (host.vmm.world_switch + reflected) / host.hardware.frequency;
}

}  // namespace

Worker::Worker(RunningHost& owner, int vm_index, const vmm::HaltPollTunables& tunables)
    : host{owner},
      vm{vm_index},
      done{sim::Event::calling<&Worker::on_done>(owner.engine(), *this)},
      poll{tunables} {}

void Worker::on_done() {
  host.finish(*this);
}

RunningHost::RunningHost(sim::Engine& engine, const HostDescription& description,
                         HostStorage::Remote* remote, GuestReach* reach)
    : engine_{engine},
      description_{description},
      topology_{description.hardware},
      contention_{topology_, contention_config(description.without)},
      cold_{topology_, contention_, !description.without.contains(Mechanism::llc_sharing)},
      memory_{topology_, overcommit(description)},
      scheduler_{make_scheduler(engine, description, topology_, *this)},
      settle_{sim::Event::calling<&RunningHost::settle>(engine, *this)},
      settle_again_{sim::Event::calling<&RunningHost::settle_later>(engine, *this)},
      node_busy_s_(at(topology_.nodes()), 0.0),
      cpu_busy_s_(at(topology_.cpus()), 0.0),
      cpu_since_(at(topology_.cpus())),
      sleep_(at(topology_.cpus()), compute::IdleGovernor{description.hardware.idle_states}),
      clocks_{std::make_unique<Clocks>(*this)},
      dirty_logs_{std::make_unique<DirtyLogs>(*this)},
      barriers_{std::make_unique<Barriers>(*this)} {
  build_vms(remote, reach);
  placement_ = std::make_unique<GuestPlacement>(*this);
  if (memory_may_run_short(description)) pressure_ = std::make_unique<MemoryPressure>(*this);
  locks_ = std::make_unique<GuestLocks>(*this);
  numa_ = std::make_unique<NumaBalancing>(*this);
  numad_ = std::make_unique<NumaDaemon>(*this);
  huge_ = std::make_unique<HugePages>(*this);
  boots_ = std::make_unique<Boots>(*this, description);
  const sim::Duration skew = description.vmm.co_skew;
  if (skew > sim::Duration::zero() && !description.without.contains(Mechanism::co_scheduling))
    gangs_ = std::make_unique<CoScheduling>(*this, skew);
}

RunningHost::~RunningHost() {
  engine_.end_processes();  // they hold places in our queues
}

// --- who runs, and how fast ---------------------------------------------------------------------

void RunningHost::book_anew(Worker& worker) {
  const double before = worker.progress.executed();
  worker.progress.advance(engine_.now());
  const double executed = worker.progress.executed() - before;
  if (executed <= 0 || worker.stream < 0) return;
  const compute::StreamState& state = worker.state;
  const double misses = executed * state.misses_per_instruction;
  worker.misses += misses;
  worker.miss_wait_s += misses * state.memory_latency_s;
  const Vm& vm = vms_[at(worker.vm)];
  const int node = topology_.cpu(scheduler_->cpu_of(worker.thread)).node;
  worker.remote_misses += misses * (1.0 - (*worker.accesses)[at(node)]);
  if (!vm.filling) return;
  const double rate = vm.description->workload.touch_rate.count();
  worker.untouched_B += rate * executed * state.pace.instruction_s;
}

guest::InstructionTime RunningHost::instruction_time(const Worker& worker) const {
  const compute::Pace& pace = worker.state.pace;
  if (worker.spinning) return spinning_time(pace.instruction_s);
  guest::InstructionTime time{
      .by_cause = {pace.running_s, pace.local_s, pace.remote_s, pace.controller_s, pace.link_s,
                   pace.translation_s, pace.exits_s, pace.ticks_s, pace.lines_s, pace.smt_s},
      .total_s = pace.instruction_s};
  // Who holds a lock writes no line but those that came with it.
  if (pace.lines_s <= 0 || !locks_->holds(worker_of_thread_[at(worker.thread)])) return time;
  const double working_s = pace.instruction_s - pace.ticks_s;
  const double share = (working_s - pace.lines_s) / working_s;
  time.total_s *= share;
  part_of(time, Cause::ticks) *= share;
  part_of(time, Cause::spinning) = 0.0;
  return time;
}

void RunningHost::arm(Worker& worker) {
  if (worker.progress.state() != guest::Progress::State::running) {
    worker.done.cancel();
    return;
  }
  if (worker.spinning) {
    const double limit_s = spin_limit_s(worker);
    if (!worker.done.pending() && limit_s < std::numeric_limits<double>::infinity())
      worker.done.after(worker.progress.owed() + sim::from_seconds(limit_s));
    return;
  }
  const sim::Duration left = worker.progress.remaining();
  if (left == sim::Duration::max()) {
    worker.done.cancel();
  } else {
    worker.done.after(left);
  }
}

void RunningHost::enter_cpu(Worker& worker, scheduler::CpuId cpu) {
  contention_.start(worker.stream, cpu);
  if (worker.part.count() > 0) placement_->first_runs(worker, topology_.cpu(cpu).node);
  entered_.push_back(worker_of_thread_[at(worker.thread)]);
}

void RunningHost::leave_cpu(Worker& worker, scheduler::CpuId cpu) {
  Vm& vm = vms_[at(worker.vm)];
  placement_->touch(vm);
  contention_.stop(cpu, engine_.now());
  const auto share = [](double unpaid_s, sim::Duration of, double refilled) {
    const double paid =
        of > sim::Duration::zero() ? 1.0 - std::min(1.0, unpaid_s / sim::seconds(of)) : 1.0;
    return 1.0 - paid * refilled;
  };
  cold_.leave(worker.stream, cpu, vm.description->workload.profile, engine_.now(),
              {.core = share(worker.progress.unpaid_refill_s(), worker.refill.core,
                             worker.refill.core_share),
               .llc = share(worker.progress.unpaid_spread_s(), worker.refill.llc,
                            worker.refill.llc_share)});
}

void RunningHost::switched(scheduler::CpuId cpu, scheduler::ThreadId previous,
                           scheduler::ThreadId next) {
  const sim::Instant now = engine_.now();
  if (previous != scheduler::kNoThread) {
    Worker& left = workers_[at(worker_of_thread_[at(previous)])];
    book(left);
    left.done.cancel();
    const bool polled = left.polling;
    if (polled) {  // the wait goes on asleep, once it has a CPU to go to sleep on
      left.polling = false;
      left.halts = scheduler_->runnable(previous);
      left.progress.begin(0);
      if (left.halts) left.progress.become(guest::Progress::State::runnable);
    } else if (left.progress.state() == guest::Progress::State::running) {
      left.progress.become(guest::Progress::State::runnable);
      if (left.stream >= 0) lose_cpu(left);
      if (gangs_ && left.stream >= 0) gangs_->waits(left.vm);
    }
    left.waiting_since = now;
    if (left.stream >= 0 && !polled) {
      leave_cpu(left, cpu);
      settle_later();
    }
    book_cpu(cpu, left);
  }
  const sim::Duration awake =
      previous == scheduler::kNoThread ? wake_cpu(cpu) : sim::Duration::zero();
  cpu_since_[at(cpu)] = now;
  if (next == scheduler::kNoThread) sleep_[at(cpu)].enter();
  if (next != scheduler::kNoThread) {
    const int id = worker_of_thread_[at(next)];
    Worker& entering = workers_[at(id)];
    book(entering);
    entering.progress.become(guest::Progress::State::running);
    if (entering.stream >= 0) {
      catch_up_ticks(entering);
      entering.spin_window = static_cast<double>(description_.vmm.pause_loop.window.count());
      entering.gave_way = false;
      answer_flushes(entering);
    }
    sim::Duration cost{};
    const bool switches = !description_.without.contains(Mechanism::switch_cost);
    if (switches && !entering.interrupt) cost += description_.vmm.context_switch;
    if (switches && entering.woken && previous == scheduler::kNoThread) {
      cost += awake + (entering.interrupt ? sim::Duration::zero() : description_.vmm.wake_latency);
      entering.asleep_s += sim::seconds(awake);  // is idle time to the host's kernel
      cpu_since_[at(cpu)] += awake;
    }
    // kvm_vcpu_halt() takes the time of a wait when its thread goes on, before the guest does.
    if (!entering.halts && entering.halted_at != sim::Instant{})
      entering.poll.learn(now + cost - std::exchange(entering.halted_at, sim::Instant{}));
    if (switches && entering.stream >= 0) cost += world_switch(description_);
    if (switches) entering.progress.owe_switch(cost);
    if (entering.woken && entering.stream >= 0 && !entering.for_tick)
      kinds_[at(vms_[at(entering.vm)].kind)].wakeup.record(sim::seconds(now - entering.busy_since));
    entering.woken = false;
    if (entering.stream >= 0) {
      enter_cpu(entering, cpu);
      settle_later();
    } else {
      arm(entering);
    }
  }
  clocks_->switched(cpu, previous != scheduler::kNoThread, next != scheduler::kNoThread);
}

void RunningHost::migrated(scheduler::ThreadId thread, scheduler::CpuId from, scheduler::CpuId to) {
  Worker& worker = workers_[at(worker_of_thread_[at(thread)])];
  if (topology_.cpu(from).node == topology_.cpu(to).node) return;
  ++worker.node_moves;
  numa_->moved(worker_of_thread_[at(thread)], from, to);
}

void RunningHost::settle_later() {
  if (!settle_.pending()) settle_.after(sim::Duration::zero());
}

void RunningHost::settle() {
  const sim::Instant now = engine_.now();
  const std::vector<compute::StreamId>& changed = contention_.settle(now);
  const bool cold = !description_.without.contains(Mechanism::cold_caches);
  for (const int id : entered_) {
    Worker& worker = workers_[at(id)];
    if (worker.progress.state() != guest::Progress::State::running || !cold) continue;
    const int cpu = scheduler_->cpu_of(worker.thread);
    const compute::Profile& profile = vms_[at(worker.vm)].description->workload.profile;
    // A tick's handler touches little of what the guest had in its caches.
    const double most_B =
        worker.for_tick ? kTickFootprint_B : std::numeric_limits<double>::infinity();
    worker.refill = cold_.enter(worker.stream, cpu, profile, now, most_B);
    if (worker.for_tick) {
      worker.progress.owe_refill(worker.refill.core + worker.refill.llc);
    } else {
      worker.progress.owe_refill(worker.refill.core, worker.refill.llc,
                                 worker.refill.llc_instructions);
    }
  }
  entered_.clear();
  for (const compute::StreamId stream : changed) {
    Worker& worker = workers_[at(worker_of_stream_[at(stream)])];
    book(worker);  // at the old pace
    const compute::StreamState& state = contention_.state(stream);
    if (state.version != worker.state.version) {
      worker.state = state;
      worker.progress.pace(instruction_time(worker));
    }
    arm(worker);
  }
  const sim::Instant due = contention_.due(now);
  if (due != sim::kNever && !settle_again_.pending()) settle_again_.at(due);
}

void RunningHost::start(sim::Duration warmup) {
  start_spread_s_ = warmup > sim::Duration::zero() ? std::min(kStartSpread_s, sim::seconds(warmup))
                                                   : kStartSpread_s;
  for (Vm& vm : vms_) {
    if (!vm.description->arrives && !vm.description->starts_later()) {
      for (const int id : vm.vcpus) engine_.spawn(live(id));
    }
    const bool boots = vm.description->workload.boot.any() && !vm.description->arrives;
    if (boots) vm.filling = false;
    if (boots || vm.description->workload.touch_rate.count() > 0) continue;
    placement_->touch_parts(vm);
  }
  io_->start();
  network_->start();
  dirty_logs_->start();
  placement_->start();
}

void RunningHost::watch_moves() {
  placement_->watch_moves();
}

void RunningHost::age_memory() {
  placement_->age();
}

void RunningHost::start_memory() {
  if (pressure_) pressure_->start();
  huge_->start();
  numa_->start();
  numad_->start();
}

}  // namespace models
