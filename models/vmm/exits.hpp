// What one VM exit of a kind costs, in cycles of the CPU that takes it.
//
//   light   = hardware round trip + dispatch + the handler's own work
//   heavy   = light + the way to the VMM's process and back
//   nested  = light exit to the lower VMM + two switches between the levels + one exit for each
//             thing that the upper VMM's handler does and the lower one has to do for it
//
// Models  the fast path that answers interrupts to others and timers without leaving the inner
//         loop (5.8 and later); virtual interrupt delivery, which leaves out the end of interrupt;
//         AVIC's doorbell, which leaves out the sender's exit.
//         Beside them what paravirtual guests pay for system calls and page tables, and guests
//         whose VMM's clock processes cannot read for a look at it.
// Omits   caches and TLBs cooled by the handler.
// Source  semantics.md 3.7: round trips by generation (Agesen et al. ATC 2012), the rest [recall]
//         where the header of a figure says so; Ben-Yehuda et al. OSDI 2010 for nesting.
// Checked tests/models/vmm/exits_test.cpp; validation subsystem exits.
#pragma once

#include "models/vmm/exit_profile.hpp"
#include "sim/units.hpp"

namespace models::vmm {

// The CPU's part.
struct ExitHardware {
  sim::Cycles round_trip{1'000};    // exit and entry
  bool virtual_interrupts = false;  // APICv, AVIC
  // The CPU itself takes an interrupt to another vCPU there, in so long; 0: it takes an exit.
  sim::Cycles doorbell{0};
  // A nested VMM reads and writes its control structures without exits.
  bool vmcs_shadowing = true;
};

struct ExitCosts {
  sim::Cycles dispatch{400};  // saving and restoring what hardware does not, finding the handler
  // Against leaks, of every exit: buffers cleared before the guest goes on (VERW), the return stack
  // filled, indirect calls as retpolines. None on CPUs that do not leak.
  sim::Cycles mitigations{0};
  sim::Cycles fast_path_saves{650};  // of an exit that the inner loop answers [recall]
  bool fast_path = false;            // since Linux 5.8
  sim::Cycles user{7'000};           // to QEMU and back, 5,000 to 10,000 [recall]
  sim::Cycles emulate{1'500};        // fetching and decoding the instruction: MMIO, page tables
  sim::Cycles timer{1'100};          // arming a host timer [recall]
  sim::Cycles icr{700};              // decoding an interrupt command [recall]
  sim::Cycles notify{1'000};         // reaching the other CPU [recall]
  sim::Cycles inject{500};           // vector, guest handler's entry and return [recall]
  sim::Cycles fault{2'500};  // shadow paging: walking both tables, writing the shadow [recall]
  // Of a paravirtual guest, whose processes and kernel the VMM switches between: the way to the
  // kernel and back. Else the CPU does it itself.
  sim::Cycles system_call{0};
  // And what its kernel may not do itself, by hypercalls: a change of a page table, which the VMM
  // checks, and going over to another process's tables. Else 0.
  sim::Cycles table_update{0};
  sim::Cycles address_space{0};
  sim::Cycles clock_read{0};  // the guest's own system call and its clock; 0: processes read it
  // The VMM itself runs in a VM.
  bool nested = false;
  sim::Cycles level_switch{5'000};  // copying control structures between levels [recall]
  int trapped_light = 3;            // privileged steps of a light exit's handler that exit
  // VMREADs and VMWRITEs between an exit and the next entry, each an exit to the lower VMM without
  // VMCS shadowing: KVM's 6 to 10 and 2 to 6 (A. Altea, github.com/intel/haxm, pull request 130).
  int trapped_fields = 12;
  int trapped_user = 20;  // more of them on the way to the process and back
};

double cycles(ExitKind kind, const ExitHardware& hardware, const ExitCosts& costs);

// An interrupt to another vCPU as one sees it that waits until it is taken: without virtual
// interrupts the other one is forced out of its guest first. 5,230 cycles under KVM and 5,562 under
// Xen on a Sandy Bridge (Dall et al., ISCA 2016, table III [recall]).
double until_taken_cycles(const ExitHardware& hardware, const ExitCosts& costs);

}  // namespace models::vmm
