#include "models/running_host.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "models/scheduler/cfs.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr sim::Duration kFillPeriod{5'000'000'000};  // first touches are placed every 5 ms
constexpr double kEmulatorUnit_s = 1e-9;             // an emulator's work is counted in nanoseconds

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

scheduler::CpuMap cpu_map(const topology::Topology& topology) {
  scheduler::CpuMap map;
  for (int cpu = 0; cpu < topology.cpus(); ++cpu) {
    map.core.push_back(topology.cpu(cpu).core);
    map.llc.push_back(topology.cpu(cpu).llc);
    map.node.push_back(topology.cpu(cpu).node);
  }
  for (int node = 0; node < topology.nodes(); ++node) {
    auto& row = map.distance.emplace_back();
    for (int other = 0; other < topology.nodes(); ++other) {
      row.push_back(topology.distance(node, other));
    }
  }
  return map;
}

compute::ContentionConfig contention_config(const std::set<Mechanism>& without) {
  return {.remote_latency = !without.contains(Mechanism::remote_latency),
          .link_bandwidth = !without.contains(Mechanism::link_bandwidth),
          .controller_queueing = !without.contains(Mechanism::controller_queueing),
          .llc_sharing = !without.contains(Mechanism::llc_sharing),
          .smt = !without.contains(Mechanism::smt),
          .turbo = !without.contains(Mechanism::turbo)};
}

std::unique_ptr<scheduler::Scheduler> make_scheduler(sim::Engine& engine,
                                                     const HostDescription& description,
                                                     const topology::Topology& topology,
                                                     scheduler::Dispatch& dispatch) {
  switch (description.vmm.scheduler) {
    case SchedulerKind::cfs: {
      scheduler::CfsTunables tunables = description.vmm.cfs;
      tunables.balancing = !description.without.contains(Mechanism::balancing_migrations);
      return std::make_unique<scheduler::Cfs>(engine, cpu_map(topology), tunables, dispatch);
    }
  }
  throw sim::ModelError{"unknown scheduler kind"};
}

memory::Policy policy(NumaMode mode) {
  switch (mode) {
    case NumaMode::first_touch:
      return memory::Policy::first_touch;
    case NumaMode::strict:
      return memory::Policy::strict;
    case NumaMode::interleave:
      return memory::Policy::interleave;
    case NumaMode::preferred:
      return memory::Policy::preferred;
  }
  throw sim::ModelError{"unknown NUMA mode"};
}

sim::Bytes resident(const VmDescription& vm) {
  const sim::Bytes wanted = vm.workload.resident;
  return wanted.count() > 0 ? std::min(wanted, vm.memory) : vm.memory;
}

// Nodes whose CPUs the VM's vCPUs may use.
std::vector<int> nodes_of(const VmPlace& place, const topology::Topology& topology) {
  std::set<int> nodes;
  for (const std::vector<int>& cpus : place.vcpu_cpus) {
    for (const int cpu : cpus) nodes.insert(topology.cpu(cpu).node);
    for (int node = 0; cpus.empty() && node < topology.nodes(); ++node) nodes.insert(node);
  }
  return {nodes.begin(), nodes.end()};
}

guest::InstructionTime instruction_time(const compute::Pace& pace) {
  guest::InstructionTime time;
  const auto put = [&](Cause cause, double s) {
    time.by_cause[static_cast<std::size_t>(cause)] = s;
  };
  put(Cause::running, pace.running_s);
  put(Cause::smt, pace.smt_s);
  put(Cause::llc_misses, pace.local_s);
  put(Cause::remote_memory, pace.remote_s);
  put(Cause::controller_queueing, pace.controller_s);
  put(Cause::link_queueing, pace.link_s);
  time.total_s = pace.instruction_s;
  return time;
}

}  // namespace

RunningHost::Worker::Worker(RunningHost& owner, int vm_index)
    : host{owner},
      vm{vm_index},
      done{sim::Event::calling<&Worker::on_done>(owner.engine_, *this)} {}

RunningHost::RunningHost(sim::Engine& engine, const HostDescription& description)
    : engine_{engine},
      description_{description},
      topology_{description.hardware},
      contention_{topology_, contention_config(description.without)},
      cold_{topology_, contention_},
      memory_{topology_},
      scheduler_{make_scheduler(engine, description, topology_, *this)},
      settle_{sim::Event::calling<&RunningHost::settle>(engine, *this)},
      fill_{sim::Event::calling<&RunningHost::fill>(engine, *this)},
      load_integral_B_(topology_.resources().size(), 0.0),
      node_busy_s_(at(topology_.nodes()), 0.0),
      cpu_busy_s_(at(topology_.cpus()), 0.0),
      cpu_since_(at(topology_.cpus())) {
  build_vms();
}

RunningHost::~RunningHost() = default;

int RunningHost::add_worker(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  Worker& worker = workers_.emplace_back(*this, vm);
  worker.thread = scheduler_->add_thread({.group = group, .allowed = cpus});
  const int id = static_cast<int>(workers_.size()) - 1;
  worker_of_thread_.push_back(id);
  return id;
}

void RunningHost::build_vms() {
  const std::vector<VmPlace> places = place_vms(description_.vms, topology_);
  const bool emulation = !description_.without.contains(Mechanism::emulation);
  for (const VmDescription& description : description_.vms) {
    Kind& kind = kinds_.emplace_back();
    kind.description = &description;
    for (int i = 0; i < description.count; ++i) {
      const int index = static_cast<int>(vms_.size());
      const VmPlace& place = places[at(index)];
      const scheduler::GroupId group = scheduler_->add_group(description.shares);
      Vm& vm = vms_.emplace_back(Vm{
          .description = &description,
          .kind = static_cast<int>(kinds_.size()) - 1,
          .vcpus = {},
          .nodes = nodes_of(place, topology_),
          .emulator = -1,
          .jobs = {},
          .placement = {memory_, policy(description.numa.mode), place.nodes, resident(description)},
          .filling = true});
      kind.vms.push_back(index);
      for (const std::vector<int>& cpus : place.vcpu_cpus) {
        const int id = add_worker(index, cpus, group);
        vm.vcpus.push_back(id);
        workers_[at(id)].stream = contention_.add(description.workload.profile);
        cold_.add();
        worker_of_stream_.push_back(id);
      }
      if (emulation && description.workload.emulation > sim::Duration::zero()) {
        vm.emulator = add_worker(index, place.emulator_cpus, group);
        workers_[at(vm.emulator)].progress.pace(
            {.by_cause = {kEmulatorUnit_s}, .total_s = kEmulatorUnit_s});
      }
    }
  }
}

// --- a vCPU's life ------------------------------------------------------------------------------

sim::Process RunningHost::live(int id) {
  Worker& worker = workers_[at(id)];
  const Vm& vm = vms_[at(worker.vm)];
  const workload::Description& work = vm.description->workload;
  // The name is the component's path, so other classes keep their draws when one changes.
  const auto member = worker.vm - kinds_[at(vm.kind)].vms.front();
  sim::Random random = engine_.stream(
      fmt::format("vm.{}.{}.vcpu.{}", vm.description->name, member, id - vm.vcpus.front()));
  if (work.idle) co_return;
  const double burst = work.burst.count() > 0 ? static_cast<double>(work.burst.count())
                                              : std::numeric_limits<double>::infinity();
  const bool steady_bursts = work.burst_distribution == workload::Distribution::fixed;
  const bool steady_blocks = work.block_distribution == workload::Distribution::fixed;
  scheduler::CpuId waker = scheduler::kNoCpu;
  for (;;) {
    const double instructions = steady_bursts || burst == std::numeric_limits<double>::infinity()
                                    ? burst
                                    : random.exponential(burst);
    co_await compute(id, std::max(1.0, instructions), waker);
    kinds_[at(vm.kind)].latency.record(sim::seconds(engine_.now() - worker.busy_since));
    const sim::Duration wait = steady_blocks ? work.block : random.exponential(work.block);
    waker = scheduler::kNoCpu;
    if (work.wake == workload::WakeSource::device && vm.emulator >= 0) {
      // Half of the emulation submits the request, half completes it; the completion interrupt
      // comes in on the CPU that submitted (rq_affinity), and the emulator wakes the guest.
      co_await emulate(worker.vm, work.emulation / 2, id);
      co_await engine_.delay(wait);
      co_await emulate(worker.vm, work.emulation - work.emulation / 2, -1);
      waker = scheduler_->cpu_of(workers_[at(vm.emulator)].thread);
    } else {
      halt(id);
      co_await engine_.delay(wait);
    }
  }
}

void RunningHost::Compute::await_suspend(std::coroutine_handle<> waiter) {
  Worker& self = host.workers_[at(worker)];
  self.waiter = waiter;
  host.book(self);
  self.progress.begin(instructions);
  if (self.halts) {  // answered before it could halt
    self.halts = false;
    self.busy_since = host.engine_.now();
  }
  if (host.scheduler_->runnable(self.thread)) {
    host.arm(self);
    return;
  }
  self.busy_since = host.engine_.now();
  self.progress.become(guest::Progress::State::runnable);
  self.woken = true;
  host.scheduler_->wake(self.thread, waker);
}

void RunningHost::Emulate::await_suspend(std::coroutine_handle<> waiter) {
  Vm& own = host.vms_[at(vm)];
  own.jobs.push_back({.work = work, .waiter = waiter});
  const scheduler::CpuId waker =
      halting < 0 ? scheduler::kNoCpu : host.scheduler_->cpu_of(host.workers_[at(halting)].thread);
  if (own.jobs.size() == 1) host.take_job(own, waker);
  if (halting >= 0) host.halt(halting);
}

void RunningHost::take_job(Vm& vm, scheduler::CpuId waker) {
  Worker& emulator = workers_[at(vm.emulator)];
  book(emulator);
  emulator.progress.begin(sim::seconds(vm.jobs.front().work) / kEmulatorUnit_s);
  if (scheduler_->runnable(emulator.thread)) {
    arm(emulator);
    return;
  }
  emulator.progress.become(guest::Progress::State::runnable);
  emulator.woken = true;
  scheduler_->wake(emulator.thread, waker);
}

void RunningHost::halt(int id) {
  Worker& worker = workers_[at(id)];
  book(worker);
  if (worker.progress.state() != guest::Progress::State::running) {
    // The emulator that its kick woke took the CPU: it halts when it has one again, unless its
    // request is answered before.
    worker.halts = true;
    worker.progress.begin(0);
    return;
  }
  worker.halts = false;
  worker.progress.become(guest::Progress::State::halted);
  scheduler_->block(worker.thread);
}

void RunningHost::finish(Worker& worker) {
  book(worker);
  if (!worker.progress.done()) {  // the last picosecond of rounding
    arm(worker);
    return;
  }
  if (worker.halts) {
    halt(worker_of_thread_[at(worker.thread)]);
    return;
  }
  if (worker.stream >= 0) {
    worker.waiter.resume();
    return;
  }
  Vm& vm = vms_[at(worker.vm)];
  const std::coroutine_handle<> waiter = vm.jobs.front().waiter;
  vm.jobs.pop_front();
  if (vm.jobs.empty()) {
    halt(vm.emulator);
  } else {
    take_job(vm, scheduler::kNoCpu);
  }
  waiter.resume();
}

// --- who runs, and how fast ---------------------------------------------------------------------

void RunningHost::book(Worker& worker) {
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
  worker.remote_misses += misses * (1.0 - vm.placement.shares()[at(node)]);
  if (!vm.filling) return;
  const double rate = vm.description->workload.touch_rate.count();
  worker.untouched_B += rate * executed * state.pace.instruction_s;
}

void RunningHost::arm(Worker& worker) {
  if (worker.progress.state() != guest::Progress::State::running) {
    worker.done.cancel();
    return;
  }
  const sim::Duration left = worker.progress.remaining();
  if (left == sim::Duration::max()) {
    worker.done.cancel();
  } else {
    worker.done.after(left);
  }
}

void RunningHost::switched(scheduler::CpuId cpu, scheduler::ThreadId previous,
                           scheduler::ThreadId next) {
  const sim::Instant now = engine_.now();
  if (previous != scheduler::kNoThread) {
    Worker& left = workers_[at(worker_of_thread_[at(previous)])];
    book(left);
    left.done.cancel();
    if (left.progress.state() == guest::Progress::State::running) {
      left.progress.become(guest::Progress::State::runnable);
    }
    if (left.stream >= 0) {
      touch(vms_[at(left.vm)]);
      contention_.stop(cpu, now);
      cold_.leave(left.stream, cpu, vms_[at(left.vm)].description->workload.profile, now);
    }
    const double busy_s = sim::seconds(now - cpu_since_[at(cpu)]);
    cpu_busy_s_[at(cpu)] += busy_s;
    node_busy_s_[at(topology_.cpu(cpu).node)] += busy_s;
  }
  cpu_since_[at(cpu)] = now;
  if (next != scheduler::kNoThread) {
    const int id = worker_of_thread_[at(next)];
    Worker& entering = workers_[at(id)];
    book(entering);
    entering.progress.become(guest::Progress::State::running);
    if (!description_.without.contains(Mechanism::switch_cost)) {
      sim::Duration cost = description_.vmm.context_switch;
      if (entering.stream >= 0)
        cost += description_.vmm.world_switch / topology_.description().frequency;
      if (entering.woken && previous == scheduler::kNoThread) cost += description_.vmm.wake_latency;
      entering.progress.owe_switch(cost);
    }
    entering.woken = false;
    if (entering.stream >= 0) {
      contention_.start(entering.stream, cpu);
      entered_.push_back(id);
    } else {
      arm(entering);
    }
  }
  settle_later();
}

void RunningHost::migrated(scheduler::ThreadId thread, scheduler::CpuId from, scheduler::CpuId to) {
  Worker& worker = workers_[at(worker_of_thread_[at(thread)])];
  worker.node_moves += topology_.cpu(from).node != topology_.cpu(to).node;
}

void RunningHost::settle_later() {
  if (!settle_.pending()) settle_.after(sim::Duration::zero());
}

void RunningHost::settle() {
  const sim::Instant now = engine_.now();
  integrate_loads();
  const std::vector<compute::StreamId>& changed = contention_.settle(now);
  const bool cold = !description_.without.contains(Mechanism::cold_caches);
  for (const int id : entered_) {
    Worker& worker = workers_[at(id)];
    if (worker.progress.state() != guest::Progress::State::running || !cold) continue;
    const int cpu = scheduler_->cpu_of(worker.thread);
    worker.progress.owe_refill(
        cold_.enter(worker.stream, cpu, vms_[at(worker.vm)].description->workload.profile, now));
  }
  entered_.clear();
  for (const compute::StreamId stream : changed) {
    Worker& worker = workers_[at(worker_of_stream_[at(stream)])];
    book(worker);  // at the old pace
    worker.state = contention_.state(stream);
    worker.progress.pace(instruction_time(worker.state.pace));
    arm(worker);
  }
  check_loads();
}

// --- memory -------------------------------------------------------------------------------------

// Places what the VM's running vCPUs have touched since the last call, on the node each runs on.
void RunningHost::touch(Vm& vm) {
  if (!vm.filling) return;
  bool moved = false;
  for (const int id : vm.vcpus) {
    Worker& worker = workers_[at(id)];
    const auto amount = static_cast<std::int64_t>(worker.untouched_B);
    if (amount == 0) continue;
    worker.untouched_B -= static_cast<double>(amount);
    const int node = topology_.cpu(scheduler_->cpu_of(worker.thread)).node;
    moved = vm.placement.touch(sim::Bytes{amount}, node).count() > 0 || moved;
  }
  if (vm.placement.untouched().count() == 0) vm.filling = false;
  if (moved) place(vm);
}

void RunningHost::place(Vm& vm) {
  for (const int id : vm.vcpus) {
    contention_.place(workers_[at(id)].stream, vm.placement.shares());
  }
  settle_later();
}

void RunningHost::fill() {
  bool filling = false;
  for (Vm& vm : vms_) {
    if (!vm.filling) continue;
    for (const int id : vm.vcpus) {
      if (workers_[at(id)].progress.state() == guest::Progress::State::running) {
        book(workers_[at(id)]);
      }
    }
    touch(vm);
    filling = filling || vm.filling;
  }
  if (filling) fill_.after(kFillPeriod);
}

void RunningHost::watch_moves() {
  for (Worker& worker : workers_) worker.node_moves = 0;
  watched_from_ = engine_.now();
}

// A VM that jumps to a random node at rate m has spent, of its age A, the expected share
// (1 - exp(-m A)) / (m A) on the node where it is now since its last jump; what it touched before
// lies evenly over the nodes it may use. m counts moves of a vCPU and of the emulator, in whose
// context the pages of I/O buffers are first touched: what the scheduler did to the class while
// watched, so a pinned guest, or a scheduler that never moves one, leaves memory where it is.
void RunningHost::age_memory() {
  const double watched_s = sim::seconds(engine_.now() - watched_from_);
  const auto ages = [](const Vm& vm) {
    return vm.description->age > sim::Duration::zero() && vm.nodes.size() > 1 &&
           vm.description->numa.mode == NumaMode::first_touch;
  };
  for (Vm& vm : vms_) {
    if (ages(vm)) vm.placement.release();
  }
  for (const Kind& kind : kinds_) {
    double moves = 0;
    double vcpus = 0;
    for (const int index : kind.vms) {
      const Vm& vm = vms_[at(index)];
      for (const int id : vm.vcpus) moves += static_cast<double>(workers_[at(id)].node_moves);
      if (vm.emulator >= 0) moves += static_cast<double>(workers_[at(vm.emulator)].node_moves);
      vcpus += static_cast<double>(vm.vcpus.size());
    }
    const double jumps = moves / vcpus / watched_s * sim::seconds(kind.description->age);
    const double kept = jumps > 0 ? -std::expm1(-jumps) / jumps : 1.0;
    for (const int index : kind.vms) {
      Vm& vm = vms_[at(index)];
      if (!ages(vm)) continue;
      vm.placement.lay_out(kept, vm.nodes);
      place(vm);
    }
  }
}

void RunningHost::start() {
  for (std::size_t i = 0; i < vms_.size(); ++i) {
    for (const int id : vms_[i].vcpus) engine_.spawn(live(id));
    Vm& vm = vms_[i];
    if (vm.description->workload.touch_rate.count() > 0) continue;
    // All memory is there from the start: each vCPU has touched its part where it first runs.
    const auto parts = static_cast<std::int64_t>(vm.vcpus.size());
    const sim::Bytes whole = vm.placement.untouched();
    for (std::int64_t part = 0; part < parts; ++part) {
      const int cpu =
          scheduler_->cpu_of(workers_[at(vm.vcpus[static_cast<std::size_t>(part)])].thread);
      const sim::Bytes amount = part + 1 == parts ? vm.placement.untouched() : whole / parts;
      vm.placement.touch(amount, topology_.cpu(cpu).node);
    }
    vm.filling = false;
    place(vm);
  }
  fill_.after(kFillPeriod);
}

}  // namespace models
