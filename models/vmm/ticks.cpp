#include "models/vmm/ticks.hpp"

#include <algorithm>

#include "models/vmm/nesting.hpp"

namespace models::vmm {

// Exits of one tick by device, semantics.md 4: what fires it, what acknowledges and rearms it.
double tick_cycles(const GuestClock& clock, const ExitHardware& hardware, const ExitCosts& costs) {
  const auto one = [&](ExitKind kind) { return cycles(kind, hardware, costs); };
  const double injected = static_cast<double>((costs.inject + clock.handler).count());
  const double fired = one(ExitKind::interrupt) + one(ExitKind::eoi) + injected;
  switch (clock.timer) {
    case TimerDevice::host:  // the exit is that of the host's tick
      return fired - one(ExitKind::interrupt);
    case TimerDevice::tsc_deadline:
      return fired + one(ExitKind::timer);
    case TimerDevice::lapic:
      return fired;
    case TimerDevice::pit:
      return fired + one(ExitKind::pio);
    case TimerDevice::hpet:
      return fired + 2.0 * one(ExitKind::mmio_user);
    case TimerDevice::rtc:
      return fired + 2.0 * one(ExitKind::pio_user);
  }
  return fired;
}

double host_tick_cycles(sim::Cycles handler, const ExitHardware& hardware, const ExitCosts& costs) {
  ExitCosts lower = costs;
  lower.nested = false;
  const auto own = [&](ExitKind kind) { return cycles(kind, hardware, lower); };
  const double tick = own(ExitKind::interrupt) + static_cast<double>(handler.count());
  if (!costs.nested) return tick;
  return 2.0 * tick + static_cast<double>(reflection(hardware, costs).count()) +
         own(ExitKind::eoi) + own(ExitKind::timer);
}

double tick_exits(const GuestClock& clock, bool virtual_interrupts) {
  const double fired = virtual_interrupts ? 1.0 : 2.0;
  switch (clock.timer) {
    case TimerDevice::host:
      return fired - 1.0;
    case TimerDevice::lapic:
      return fired;
    case TimerDevice::tsc_deadline:
    case TimerDevice::pit:
      return fired + 1.0;
    case TimerDevice::hpet:
    case TimerDevice::rtc:
      return fired + 2.0;
  }
  return fired;
}

int wait_exits(const GuestClock& clock) {
  const bool writes = clock.timer != TimerDevice::host && clock.idle == IdleTicks::tickless;
  return writes ? clock.idle_writes : 0;
}

Backlog deliver(const GuestClock& clock, double due) {
  const double once = std::min(due, 1.0);
  double delivered = once;
  double lost = due - once;
  switch (clock.policy) {
    case LostTicks::catchup:
      delivered = due;
      lost = 0.0;
      break;
    case LostTicks::discard:
      delivered = 0.0;
      lost = due;
      break;
    case LostTicks::delay:  // the clock counts on from where it stopped
    case LostTicks::merge:
      break;
  }
  return {delivered, clock.paravirtual ? 0.0 : lost / clock.tick_hz};
}

}  // namespace models::vmm
