#include "models/guest_placement.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/memory/dirty_log.hpp"
#include "models/memory_pressure.hpp"
#include "models/numa_balancing.hpp"
#include "models/numa_daemon.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr sim::Duration kFillPeriod{5'000'000'000};  // first touches are placed every 5 ms

constexpr double kPage_B = 4096.0;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double large_page_B(translation::PageSize size) {
  return size == translation::PageSize::huge ? 1'073'741'824.0 : 2'097'152.0;
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

GuestPlacement::GuestPlacement(RunningHost& host)
    : host_{host}, fill_{sim::Event::calling<&GuestPlacement::fill>(host.engine(), *this)} {}

sim::Engine& GuestPlacement::engine() {
  return host_.engine();
}

void GuestPlacement::start() {
  fill();
  if (all_there_) {
    host_.start_memory();
  } else {
    engine().spawn(touch_rest());
  }
}

sim::Bytes GuestPlacement::touch(const Worker& worker, sim::Bytes amount, int node) {
  RunningVm& vm = host_.vms_[at(worker.vm)];
  if (vm.virtual_nodes.empty()) return vm.placement.touch(amount, node);
  memory::VirtualNode& own = vm.virtual_nodes[at(worker.virtual_node)];
  std::vector<sim::Bytes> before;
  for (int n = 0; n < host_.topology_.memories(); ++n) before.push_back(vm.placement.on(n));
  const sim::Bytes placed = vm.placement.touch(amount, own.place(node));
  for (int n = 0; n < host_.topology_.memories(); ++n)
    own.touch(n, vm.placement.on(n) - before[at(n)]);
  return placed;
}

double GuestPlacement::first_touch_s(int vm, sim::Bytes placed, int touching) const {
  if (host_.description_.without.contains(Mechanism::first_touch)) return 0.0;
  const vmm::FaultCosts& costs = host_.description_.vmm.fault;
  const translation::PageUse& use = host_.vms_[at(vm)].description->host_pages;
  const double large = use.size == translation::PageSize::small ? 0.0 : use.coverage;
  const double all = static_cast<double>(placed.count()) / kPage_B;
  const double faults =
      all * (1.0 - large) + static_cast<double>(placed.count()) * large / large_page_B(use.size);
  const double clock_Hz = host_.topology_.description().frequency.count();
  const double page_cycles = static_cast<double>(costs.clear_page.count()) +
                             (1.0 - large) * static_cast<double>(costs.handle.count());
  const double locked_s = static_cast<double>(costs.locked.count()) / clock_Hz;
  const double lock_s =
      locked_s <= 0 ? 0.0
                    : memory::held_lock_s(std::max(1, touching), page_cycles / clock_Hz, locked_s);
  const double exits = host_.cycles_of(vmm::ExitKind::hypercall) * faults;
  const double cycles = exits + faults * static_cast<double>(costs.handle.count()) +
                        all * static_cast<double>(costs.clear_page.count());
  return cycles / clock_Hz + all * lock_s;
}

void GuestPlacement::owe_first_touch(Worker& worker, sim::Bytes placed, int touching) {
  host_.book(worker);
  worker.progress.owe_faults(sim::from_seconds(first_touch_s(worker.vm, placed, touching)));
}

void GuestPlacement::touch(RunningVm& vm) {
  if (!vm.filling) return;
  bool moved = false;
  for (const int id : vm.vcpus) {
    Worker& worker = host_.workers_[at(id)];
    const auto amount = static_cast<std::int64_t>(worker.untouched_B);
    if (amount == 0) continue;
    worker.untouched_B -= static_cast<double>(amount);
    const int node = host_.topology_.cpu(host_.scheduler_->cpu_of(worker.thread)).node;
    const sim::Bytes placed = touch(worker, sim::Bytes{amount}, node);
    if (placed.count() == 0) continue;
    moved = true;
    owe_first_touch(worker, placed, 1);
    if (!worker.polling) host_.arm(worker);
  }
  if (vm.placement.untouched().count() == 0) vm.filling = false;
  if (moved) place(vm);
}

// Each vCPU has touched its part where it first runs, which is known at once of those that have one
// node.
void GuestPlacement::touch_parts(RunningVm& vm) {
  const auto parts = static_cast<std::int64_t>(vm.vcpus.size());
  const sim::Bytes whole = vm.placement.untouched();
  const bool later = vm.description->arrives || vm.description->starts_later();
  bool all = true;
  sim::Bytes given{};
  for (const int id : vm.vcpus) {
    Worker& worker = host_.workers_[at(id)];
    worker.part = id == vm.vcpus.back() ? whole - given : whole / parts;
    given += worker.part;
    if (vm.nodes.size() == 1 || host_.topology_.memories() == 1) {
      touch_part(worker, vm.nodes.front());
    } else if (later) {
      touch_part(worker, host_.memory_.emptiest());
    } else {
      all = false;
    }
  }
  if (all) place(vm);
  vm.filling = false;
  all_there_ = all_there_ && all;
}

void GuestPlacement::touch_part(Worker& worker, int node) {
  touch(worker, std::exchange(worker.part, sim::Bytes{}), node);
}

void GuestPlacement::first_runs(Worker& worker, int node) {
  touch_part(worker, node);
  place(host_.vms_[at(worker.vm)]);
}

// Once all that have anything to do were started. Who idles has run before, on any node.
sim::Process GuestPlacement::touch_rest() {
  co_await host_.engine_.delay(sim::from_seconds(host_.start_spread_s_));
  for (RunningVm& vm : host_.vms_) {
    bool any = false;
    for (const int id : vm.vcpus) {
      Worker& worker = host_.workers_[at(id)];
      if (worker.part.count() == 0) continue;
      const bool placed = worker.progress.state() != guest::Progress::State::halted;
      const int cpu = host_.scheduler_->cpu_of(worker.thread);
      touch_part(worker, placed ? host_.topology_.cpu(cpu).node : host_.memory_.emptiest());
      any = true;
    }
    if (any) place(vm);
  }
  host_.start_memory();
}

void GuestPlacement::place(RunningVm& vm) {
  vm.accesses = vm.placement.shares();
  if (host_.pressure_) vm.accesses = host_.pressure_->accesses(vm);
  const double own = vm.description->workload.numa_locality;
  for (std::size_t i = 0; i < vm.virtual_nodes.size(); ++i)
    vm.node_accesses[i] = vm.virtual_nodes[i].accesses(vm.accesses, own);
  for (const int id : vm.vcpus)
    host_.contention_.place(host_.workers_[at(id)].stream, *host_.workers_[at(id)].accesses,
                            host_.engine_.now());
  host_.settle_later();
}

void GuestPlacement::fill() {
  bool filling = false;
  for (RunningVm& vm : host_.vms_) {
    if (!vm.filling) continue;
    for (const int id : vm.vcpus) {
      if (host_.workers_[at(id)].progress.state() == guest::Progress::State::running) {
        host_.book(host_.workers_[at(id)]);
      }
    }
    touch(vm);
    filling = filling || vm.filling;
  }
  if (filling) fill_.after(kFillPeriod);
}

void GuestPlacement::watch_moves() {
  for (Worker& worker : host_.workers_) worker.node_moves = 0;
  watched_from_ = host_.engine_.now();
}

// A VM that jumps to a random node at rate m has spent, of its age A, the expected share
// (1 - exp(-m A)) / (m A) on the node where it is now since its last jump; what it touched before
// lies evenly over the nodes it may use. m counts moves of a vCPU and of the emulator, in whose
// context the pages of I/O buffers are first touched: what the scheduler did to the class while
// watched, so a pinned guest, or a scheduler that never moves one, leaves memory where it is.
void GuestPlacement::age() {
  const double watched_s = sim::seconds(host_.engine_.now() - watched_from_);
  // Memory that follows its VM has no age: where it is is a matter of seconds.
  const auto ages = [&](const RunningVm& vm) {
    return vm.description->age > sim::Duration::zero() && vm.nodes.size() > 1 &&
           vm.description->numa.mode == NumaMode::first_touch && !host_.numa_->balances(vm) &&
           !host_.numad_->runs();
  };
  for (RunningVm& vm : host_.vms_) {
    if (ages(vm)) vm.placement.release();
  }
  for (const VmKind& kind : host_.kinds_) {
    double moves = 0;
    double vcpus = 0;
    for (const int index : kind.vms) {
      const RunningVm& vm = host_.vms_[at(index)];
      for (const int id : vm.vcpus) moves += static_cast<double>(host_.workers_[at(id)].node_moves);
      if (vm.emulator >= 0)
        moves += static_cast<double>(host_.workers_[at(vm.emulator)].node_moves);
      vcpus += static_cast<double>(vm.vcpus.size());
    }
    const double jumps = moves / vcpus / watched_s * sim::seconds(kind.description->age);
    const double kept = jumps > 0 ? -std::expm1(-jumps) / jumps : 1.0;
    for (const int index : kind.vms) {
      RunningVm& vm = host_.vms_[at(index)];
      if (!ages(vm)) continue;
      vm.placement.lay_out(kept, vm.nodes);
      for (memory::VirtualNode& node : vm.virtual_nodes) node.forget();
      place(vm);
    }
  }
}

}  // namespace models
