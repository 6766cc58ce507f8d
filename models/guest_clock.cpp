// Guests' clocks: ticks of idle vCPUs, and those that fell due while a vCPU had no CPU.
#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

sim::Duration RunningHost::tick_time(const Vm& vm, double ticks) const {
  return sim::from_seconds(ticks * kinds_[at(vm.kind)].tick_cycles /
                           topology_.description().frequency.count());
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
  worker.progress.owe_ticks(tick_time(vm, backlog.delivered));
  worker.lost_ticks += due - backlog.delivered;
  worker.clock_behind_s += backlog.lost_s;
}

}  // namespace models
