// The kinds of VM exits, and how often a workload takes them.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace models::vmm {

enum class ExitKind {
  cpuid,        // and other instructions that are emulated in a few cycles
  hypercall,    // VMCALL, VMMCALL
  msr_write,    // a model-specific register that the VMM emulates
  timer,        // arming the next tick: TSC deadline or APIC count
  ipi,          // interrupt to another vCPU, until that one has taken it
  self_ipi,     // interrupt to the own vCPU, until it is taken
  eoi,          // end of interrupt, where the CPU does not virtualize it
  halt,         // HLT with an interrupt at hand: no sleep
  interrupt,    // a host interrupt that takes the CPU from the guest
  pio,          // port of a device in the kernel
  pio_user,     // port of a device in the VMM's process
  mmio_user,    // memory-mapped register of a device in the VMM's process
  inject,       // no exit: an interrupt delivered to the vCPU that runs, until it is handled
  page_table,   // shadow paging: a write to a page table, or a fault to fill one in
  system_call,  // no exit: of a process, whose kernel gets it from the VMM if it is paravirtual
  clock_read,   // no exit: of a process; a system call where it cannot read the VMM's clock itself
};
inline constexpr int kExitKinds = 16;

// Those that count as exits.
constexpr bool exits(ExitKind kind) {
  return kind != ExitKind::inject && kind != ExitKind::system_call && kind != ExitKind::clock_read;
}

// As in scenarios: "page-table".
std::string_view name(ExitKind kind);

struct ExitProfile {
  std::array<double, kExitKinds> per_kilo_instruction{};

  double& operator[](ExitKind kind) { return per_kilo_instruction[static_cast<std::size_t>(kind)]; }
  double operator[](ExitKind kind) const {
    return per_kilo_instruction[static_cast<std::size_t>(kind)];
  }
};

}  // namespace models::vmm
