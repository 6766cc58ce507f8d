// Guests' clocks: ticks of idle vCPUs, and those that fell due while a vCPU had no CPU.
#include "models/huge_pages.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

// Of a vCPU that did not run when they fell due; those of one that runs are part of its pace.
void RunningHost::owe_ticks(Worker& worker, double ticks) {
  const Vm& vm = vms_[at(worker.vm)];
  const topology::Description& hardware = topology_.description();
  worker.progress.owe_ticks(
      sim::from_seconds(ticks * kinds_[at(vm.kind)].tick_cycles / hardware.frequency.count()));
  worker.exits += ticks * vmm::tick_exits(vm.description->clock, hardware.virtual_interrupts);
}

bool RunningHost::ticks_when_idle(const Vm& vm) const {
  return vm.description->clock.idle == vmm::IdleTicks::periodic &&
         kinds_[at(vm.kind)].tick_cycles > 0;
}

void RunningHost::catch_up_ticks(Worker& worker) {
  const Vm& vm = vms_[at(worker.vm)];
  const vmm::GuestClock& clock = vm.description->clock;
  if (kinds_[at(vm.kind)].tick_cycles <= 0) return;
  const double due = sim::seconds(engine_.now() - worker.waiting_since) * clock.tick_hz;
  const vmm::Backlog backlog = vmm::deliver(clock, due);
  owe_ticks(worker, backlog.delivered);
  worker.lost_ticks += due - backlog.delivered;
  worker.clock_behind_s += backlog.lost_s;
}

// Of a vCPU since measuring began: those counted one by one, of its instructions, of ticks.
double RunningHost::exits_of(const Worker& worker) const {
  const bool virtual_interrupts = topology_.description().virtual_interrupts;
  const bool doorbell =
      topology_.description().doorbell.count() > 0 && !description_.vmm.exits.nested;
  const bool shadow = paging(description_) == translation::Paging::shadow;
  if (description_.vmm.architecture == Architecture::container) return 0.0;
  const VmDescription& vm = *vms_[at(worker.vm)].description;
  double per_instruction = 0.0;
  for (int kind = 0; kind < vmm::kExitKinds; ++kind) {
    const auto k = static_cast<vmm::ExitKind>(kind);
    const bool none = !vmm::exits(k) || (k == vmm::ExitKind::eoi && virtual_interrupts) ||
                      (k == vmm::ExitKind::ipi && doorbell) ||
                      (k == vmm::ExitKind::page_table && !shadow);
    if (!none) per_instruction += vm.workload.exits[k] / 1000.0;
  }
  const bool ticks = kinds_[at(vms_[at(worker.vm)].kind)].tick_cycles > 0;
  const double per_second =
      ticks ? description_.vmm.host_tick_hz +
                  vm.clock.tick_hz * vmm::tick_exits(vm.clock, virtual_interrupts)
            : 0.0;
  return worker.exits + static_cast<double>(worker.pause_exits) +
         worker.progress.executed() * per_instruction +
         guest::busy_s(worker.progress.seconds()) * per_second;
}

// Without exits, a timer as bare metal's: its interrupt is all that it takes.
vmm::DeadlineTimer RunningHost::deadline_timer() const {
  vmm::ExitCosts costs = description_.vmm.exits;
  vmm::ExitHardware hardware = exit_hardware(topology_.description());
  if (description_.vmm.architecture == Architecture::container ||
      description_.without.contains(Mechanism::exits)) {
    costs.dispatch = costs.mitigations = costs.timer = costs.fast_path_saves = sim::Cycles{0};
    costs.nested = false;
    hardware.round_trip = sim::Cycles{0};
  }
  return {costs, hardware, topology_.description().frequency, description_.vmm.timer};
}

}  // namespace models
