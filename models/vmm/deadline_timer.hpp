// A guest's one-shot timer that finds its vCPU running: what arming it costs, when it comes.
//
//   arming   exit, the deadline is noted; if it is due by now, the interrupt goes in at once
//   expiry   the CPU's preemption timer, counted from the entry, ends the guest's run: an exit
//   advance  it is set early, by as much as expiries have come late; before the guest goes on, the
//            host waits for the deadline if it has yet to come
//
// Models  the adaptive advance, with the kernel's steps and bounds; the fast path of both exits.
// Omits   vCPUs that halt before the timer is due (a host timer wakes them), the preemption timer's
//         grain of 32 cycles.
// Source  Linux arch/x86/kvm/lapic.c: adjust_lapic_timer_advance, __kvm_wait_lapic_expire,
//         start_hv_timer; vmx.c: vmx_update_hv_timer. Exits as in exits.hpp, halves before and
//         after the handler.
// Checked tests/models/vmm/deadline_timer_test.cpp; validation cases deadline-*.
#pragma once

#include "models/vmm/exits.hpp"
#include "sim/units.hpp"

namespace models::vmm {

struct TimerTunables {
  bool advance = false;  // adaptive lapic_timer_advance_ns, since Linux 5.1
};

class DeadlineTimer {
 public:
  DeadlineTimer(const ExitCosts& costs, const ExitHardware& hardware, sim::Hertz clock,
                TimerTunables tunables);
  // From reading the time, at which the deadline is `ahead`, until the interrupt has been handled.
  sim::Cycles fire(sim::Cycles ahead);
  int exits() const { return exits_; }  // of the last
  sim::Cycles advance() const;

 private:
  void adjust(double late);  // cycles; negative: early

  double way_in_;   // from the exit to the handler's begin
  double way_out_;  // from the handler's end until the guest goes on
  double entry_;    // of that, the CPU's own part and the clearing of buffers before it
  double arm_;      // noting the deadline
  double inject_;
  double per_us_;  // cycles
  bool adaptive_;
  double advance_;  // cycles
  int exits_ = 0;
};

}  // namespace models::vmm
