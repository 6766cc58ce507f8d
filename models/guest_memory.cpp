// Where guests' memory comes to lie while they run: first touches, and what age has done.
#include <algorithm>
#include <cmath>
#include <utility>

#include "models/boots.hpp"
#include "models/numa_balancing.hpp"
#include "models/numa_daemon.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr sim::Duration kFillPeriod{5'000'000'000};  // first touches are placed every 5 ms

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

sim::Bytes resident(const VmDescription& vm) {
  const workload::BootProfile& boot = vm.workload.boot;
  if (boot.any())
    return std::min(
        vm.memory, guest::kernel_touches(boot.kernel_memory, vm.memory) + boot.memory + boot.freed);
  const sim::Bytes wanted = vm.workload.resident;
  return wanted.count() > 0 ? std::min(wanted, vm.memory) : vm.memory;
}

// A vCPU that runs on `node` touches memory first; returns what was placed.
sim::Bytes RunningHost::touch(const Worker& worker, sim::Bytes amount, int node) {
  Vm& vm = vms_[at(worker.vm)];
  if (vm.virtual_nodes.empty()) return vm.placement.touch(amount, node);
  memory::VirtualNode& own = vm.virtual_nodes[at(worker.virtual_node)];
  std::vector<sim::Bytes> before;
  for (int n = 0; n < topology_.memories(); ++n) before.push_back(vm.placement.on(n));
  const sim::Bytes placed = vm.placement.touch(amount, own.place(node));
  for (int n = 0; n < topology_.memories(); ++n) own.touch(n, vm.placement.on(n) - before[at(n)]);
  return placed;
}

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
    const sim::Bytes placed = touch(worker, sim::Bytes{amount}, node);
    if (placed.count() == 0) continue;
    moved = true;
    book(worker);
    worker.progress.owe_faults(sim::from_seconds(boots_->first_touch_s(worker.vm, placed, 1)));
    if (!worker.polling) arm(worker);
  }
  if (vm.placement.untouched().count() == 0) vm.filling = false;
  if (moved) place(vm);
}

// All memory is there from the start: each vCPU has touched its part where it first runs, which is
// known at once of those that have one node.
bool RunningHost::touch_parts(Vm& vm) {
  const auto parts = static_cast<std::int64_t>(vm.vcpus.size());
  const sim::Bytes whole = vm.placement.untouched();
  const bool later = vm.description->arrives || vm.description->starts_later();
  bool all = true;
  sim::Bytes given{};
  for (const int id : vm.vcpus) {
    Worker& worker = workers_[at(id)];
    worker.part = id == vm.vcpus.back() ? whole - given : whole / parts;
    given += worker.part;
    if (vm.nodes.size() == 1 || topology_.memories() == 1) {
      touch_part(worker, vm.nodes.front());
    } else if (later) {
      touch_part(worker, memory_.emptiest());
    } else {
      all = false;
    }
  }
  if (all) place(vm);
  vm.filling = false;
  return all;
}

void RunningHost::touch_part(Worker& worker, int node) {
  touch(worker, std::exchange(worker.part, sim::Bytes{}), node);
}

// Once all that have anything to do were started. Who idles has run before, on any node.
sim::Process RunningHost::touch_rest() {
  co_await engine_.delay(sim::from_seconds(start_spread_s_));
  for (Vm& vm : vms_) {
    bool any = false;
    for (const int id : vm.vcpus) {
      Worker& worker = workers_[at(id)];
      if (worker.part.count() == 0) continue;
      const bool placed = worker.progress.state() != guest::Progress::State::halted;
      const int cpu = scheduler_->cpu_of(worker.thread);
      touch_part(worker, placed ? topology_.cpu(cpu).node : memory_.emptiest());
      any = true;
    }
    if (any) place(vm);
  }
  start_memory();
}

void RunningHost::place(Vm& vm) {
  vm.accesses = vm.placement.shares();
  if (pressure_) vm.accesses = pressure_->accesses(vm.in_memory, vm.accesses);
  const double own = vm.description->workload.numa_locality;
  for (std::size_t i = 0; i < vm.virtual_nodes.size(); ++i)
    vm.node_accesses[i] = vm.virtual_nodes[i].accesses(vm.accesses, own);
  for (const int id : vm.vcpus)
    contention_.place(workers_[at(id)].stream, *workers_[at(id)].accesses, engine_.now());
  settle_later();
}

// Merged pages lie where the first of them lay.
void RunningHost::follow_merging(Vm& vm) {
  constexpr double kNoticed = 0.005;  // of the accesses: less moves no pace
  pressure_->lie(vm.in_memory, vm.placement.shares());
  const std::vector<double> now = pressure_->accesses(vm.in_memory, vm.placement.shares());
  double moved = 0.0;
  for (std::size_t n = 0; n < now.size(); ++n)
    moved += std::abs(now[n] - (n < vm.accesses.size() ? vm.accesses[n] : 0.0));
  if (moved > kNoticed) place(vm);
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
  // Memory that follows its VM has no age: where it is is a matter of seconds.
  const auto ages = [&](const Vm& vm) {
    return vm.description->age > sim::Duration::zero() && vm.nodes.size() > 1 &&
           vm.description->numa.mode == NumaMode::first_touch && !numa_->balances(vm) &&
           !numad_->runs();
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
      for (memory::VirtualNode& node : vm.virtual_nodes) node.forget();
      place(vm);
    }
  }
}

}  // namespace models
