// What an exit costs a guest more whose VMM itself runs in a VM.
//
// The CPU has one level of guests: the exit goes to the lower VMM, which hands it to the upper one
// and enters the guest again for it. Most privileged steps of the upper VMM's handler exit as well.
//
//   reflection = two switches between the levels + a light exit for each such step, and, without
//                VMCS shadowing (Haswell; AMD's VMCB is plain memory), for each field that the
//                handler reads or writes
//
// Omits   the sleep of the upper VMM's own CPUs, which are vCPUs: the lower VMM's wake-up of those.
// Source  Ben-Yehuda et al., OSDI 2010, section 3 and table 1.
// Checked tests/models/vmm/exits_test.cpp; validation case exit-nested.
#pragma once

#include "models/vmm/exits.hpp"
#include "sim/units.hpp"

namespace models::vmm {

// Of one exit to the VMM's kernel; none of a guest that is not nested.
sim::Cycles reflection(const ExitHardware& hardware, const ExitCosts& costs);

// Of an interrupt, beside its delivery, to a nested vCPU that runs: it leaves its guest, for the
// upper VMM to put the interrupt in at the next entry. Posted ones the lower VMM puts in itself
// (vmx_complete_nested_posted_interrupt).
sim::Cycles nested_arrival(const ExitHardware& hardware, const ExitCosts& costs);

}  // namespace models::vmm
