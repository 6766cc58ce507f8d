#include "models/running_host.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>

#include "models/scheduler/cfs.hpp"
#include "models/scheduler/eevdf.hpp"
#include "models/scheduler/entitlement.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

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
    case SchedulerKind::eevdf: {
      scheduler::EevdfTunables tunables = description.vmm.eevdf;
      tunables.balancing = !description.without.contains(Mechanism::balancing_migrations);
      return std::make_unique<scheduler::Eevdf>(engine, cpu_map(topology), tunables, dispatch);
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

// CPU claims of all VMs, in Hz, as scheduler groups: weights in proportion to what each is entitled
// to when all contend, which is its shares unless something is reserved; limits as quotas.
std::vector<scheduler::GroupConfig> RunningHost::groups() const {
  const double clock_Hz = topology_.description().frequency.count();
  std::vector<scheduler::Claim> claims;
  double shares = 0.0;
  bool reserved = false;
  for (const VmDescription& vm : description_.vms) {
    for (int i = 0; i < vm.count; ++i) {
      // Its own vCPUs are a limit, too.
      const double most_Hz = std::min(vm.vcpus, topology_.cpus()) * clock_Hz;
      claims.push_back(
          {.shares = static_cast<double>(vm.shares),
           .reservation = vm.reservation.count(),
           .limit = vm.limit.count() > 0 ? std::min(most_Hz, vm.limit.count()) : most_Hz});
      shares += vm.shares;
      reserved = reserved || vm.reservation.count() > 0;
    }
  }
  const double capacity_Hz = clock_Hz * topology_.cpus();
  const std::vector<double> entitled =
      reserved ? scheduler::entitlements(capacity_Hz, claims) : std::vector<double>{};
  double total = 0.0;
  for (const double one : entitled) total += one;
  std::vector<scheduler::GroupConfig> all;
  for (const VmDescription& vm : description_.vms) {
    for (int i = 0; i < vm.count; ++i) {
      scheduler::GroupConfig group{.shares = static_cast<double>(vm.shares),
                                   .quota = vm.cputune.global_quota,
                                   .period = vm.cputune.global_period};
      if (reserved) group.shares = std::max(2.0, shares * entitled[all.size()] / total);
      if (vm.limit.count() > 0) {
        const sim::Duration quota =
            sim::from_seconds(sim::seconds(group.period) * vm.limit.count() / clock_Hz);
        const bool unlimited = group.quota == sim::Duration::zero();
        group.quota = unlimited ? quota : std::min(group.quota, quota);
      }
      all.push_back(group);
    }
  }
  return all;
}

void RunningHost::build_vms() {
  const std::vector<VmPlace> places = place_vms(description_.vms, topology_);
  const std::vector<scheduler::GroupConfig> configs = groups();
  const bool emulation = !description_.without.contains(Mechanism::emulation);
  for (const VmDescription& description : description_.vms) {
    Kind& kind = kinds_.emplace_back();
    kind.description = &description;
    for (int i = 0; i < description.count; ++i) {
      const int index = static_cast<int>(vms_.size());
      const VmPlace& place = places[at(index)];
      const scheduler::GroupId group = scheduler_->add_group(configs[at(index)]);
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
    if (entering.woken && entering.stream >= 0)
      kinds_[at(vms_[at(entering.vm)].kind)].wakeup.record(sim::seconds(now - entering.busy_since));
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
