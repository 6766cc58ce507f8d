// Clock ticks of guests: what one costs, and what becomes of those that fall due while the vCPU
// has no CPU.
//
// A running vCPU's ticks are a tax on its time. An idle guest that ticks wakes for each; a tickless
// one sleeps on. A vCPU that gets its CPU back has ticks outstanding: the policy says how many are
// delivered and how far the guest's clock is off for the rest.
//
// Models  a tick that is the host's, without exits of its own; exits by the device that ticks;
// delay, catch-up, merge, discard as libvirt names them;
//         clock sources that do not count ticks (kvm-clock, TSC).
// Omits   the hour-long slewing of NTP inside the guest.
// Source  semantics.md 4 (Kconfig.hz, NO_HZ.txt, libvirt formatdomain.rst).
// Checked tests/models/vmm/ticks_test.cpp.
#pragma once

#include "models/vmm/exits.hpp"
#include "sim/units.hpp"

namespace models::vmm {

enum class TimerDevice {
  tsc_deadline,  // armed by a register write for each tick
  lapic,         // periodic count of the local APIC
  pit,           // in the kernel
  hpet,          // in the VMM's process, memory mapped
  rtc,           // in the VMM's process, ports
  host           // none: the host's ticks are handed on as a vCPU is entered (paratick)
};
enum class IdleTicks { tickless, periodic };
enum class LostTicks {
  delay,    // delivered later at the usual rate: the guest's clock stays behind
  catchup,  // the backlog is delivered at once
  merge,    // collapsed into one
  discard   // dropped
};

struct GuestClock {
  int tick_hz = 250;  // CONFIG_HZ of the guest; Windows 64, older Linux 1000
  TimerDevice timer = TimerDevice::tsc_deadline;
  IdleTicks idle = IdleTicks::tickless;
  LostTicks policy = LostTicks::merge;
  bool paravirtual = true;     // time is read from kvm-clock or the TSC, not counted
  sim::Cycles handler{3'000};  // of the guest's kernel, a tick; 1-2 us [recall]
  // Register writes of a tickless guest around a wait: its tick is put off, and set again. 0 where
  // what a workload's wait costs is measured as a whole.
  int idle_writes = 0;
};

// Exits of one tick, and of a wait of a tickless guest beside that of its halt.
double tick_exits(const GuestClock& clock, bool virtual_interrupts);
int wait_exits(const GuestClock& clock);

// Cycles of one tick that a running vCPU takes, exits and the guest's handler.
double tick_cycles(const GuestClock& clock, const ExitHardware& hardware, const ExitCosts& costs);

// Of one tick of the host's own clock while a vCPU runs there, whose handler takes that long. The
// kernel of a VMM that runs in a VM ticks as the lower one's does: its tick comes as an interrupt
// to its nested guest, is acknowledged and sets the next one, by exits of its own.
double host_tick_cycles(sim::Cycles handler, const ExitHardware& hardware, const ExitCosts& costs);

// What becomes of ticks that fell due while the vCPU was runnable without a CPU.
struct Backlog {
  double delivered = 0.0;  // at once, one after the other
  double lost_s = 0.0;     // that the guest's clock falls behind
};
Backlog deliver(const GuestClock& clock, double due);

}  // namespace models::vmm
