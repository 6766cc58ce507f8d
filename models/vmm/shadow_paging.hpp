// What a change of address space costs a guest whose page tables the VMM shadows.
//
//   target  no exit: the CPU knows the new tables as one of its CR3 targets
//   cached  exit + finding the shadow tables made when the space had its last turn
//   flushed exit + emptying all tables of processes + one shadow fault for each page touched again
//   always  the TLB entries of the kernel's pages: shadow tables cannot mark them global, and a CPU
//           without VPID or ASID drops all entries with an exit
//
// Models  a list of CR3 targets, the last used first; the kernel's shadow tables outlive a flush.
// Omits   the limit of the shadow tables' number, faults for accessed and dirty bits, guest writes
//         to page tables (ExitKind::page_table).
// Source  Linux 2.6.20 drivers/kvm/mmu.c and vmx.c; Intel SDM 3, 24.6.7 (CR3-target controls).
// Checked tests/models/vmm/shadow_paging_test.cpp; validation case shadow-paging.
#pragma once

#include "models/vmm/address_space_profile.hpp"
#include "models/vmm/exits.hpp"
#include "sim/units.hpp"

namespace models::vmm {

enum class ShadowTables { cached, flushed };

struct ShadowTunables {
  ShadowTables tables = ShadowTables::cached;
  int cr3_targets = 0;       // that the guest's kernel has the CPU know, 4 at most on all VMX CPUs
  sim::Cycles load{1'500};   // looking up the tables of a space, four hashes [recall]
  sim::Cycles flush{3'500};  // a list of up to 256 tables, 4 KiB of zeros for each of four [recall]
  sim::Cycles tlb_entry{30};  // a walk with its tables at hand, 20-40 (semantics.md 11.3) [recall]
};

// Share of switches whose target the CPU knows.
double target_hits(const AddressSpaces& use, int cr3_targets);

// One change of address space, beyond what it costs without a VMM.
double switch_cycles(const AddressSpaces& use, const ExitHardware& hardware, const ExitCosts& costs,
                     const ShadowTunables& shadow);

}  // namespace models::vmm
