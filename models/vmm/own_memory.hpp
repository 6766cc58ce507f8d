// What a VM costs its host in memory beyond its own pages.
//
//   tables(m, s)  = ceil(m / 512 s) + ceil(m / 512^2 s) + ... + 1      of m bytes in pages of s
//   slots         = pages (rmap + page tracking) + 2 MiB pages (8 + 4) + 1 GiB pages (8 + 4)
//
// Models  the VMM's process: code (one copy for all VMs of a host), heap and stacks, what each
//         vCPU, disk and NIC adds, bitmaps of all its memory; KVM's memory slots; second-stage
//         tables and the host's own tables of the process, by what is mapped with which page size;
//         transparent hugepages' deposited tables; a pool that is set aside at start (Xen).
// Omits   touched memory with holes (tables are those of one run from 0 up), dirty rings,
//         shadow pages (models/vmm/shadow_paging.hpp), struct page of the host.
// Source  Linux 4.15 arch/x86/kvm/x86.c (kvm_arch_create_memslot), page_track.c, mmu.c; mm/
//         huge_memory.c (pgtable_trans_huge_deposit); QEMU exec.c (ram_block_add: all dirty bits
//         set); Xen libxl_get_required_shadow_memory.
// Checked tests/models/vmm/own_memory_test.cpp; validation subsystem memory-overhead.
#pragma once

#include <cstdint>

#include "sim/units.hpp"

namespace models::vmm {

struct OwnMemoryCosts {
  // The process that serves a VM, resident.
  sim::Bytes code{};      // text and read-only data, shared by all VMs of the host
  sim::Bytes machine{};   // heap and data of a machine without devices
  sim::Bytes vcpu{};      // each: its thread's stack, its state
  sim::Bytes disk{};      // each
  sim::Bytes nic{};       // each
  int dirty_bitmaps = 0;  // of a bit for each page, all set at start; QEMU has 3
  // The hypervisor.
  sim::Bytes kernel_vm{};    // struct kvm, buses, interrupt routing
  sim::Bytes kernel_vcpu{};  // each: its state, VMCS, pages shared with the VMM, kernel stack
  bool rmap = false;         // 8 B a page, for shadow pages; not with the TDP MMU (Linux 5.13)
  bool page_track = false;   // 2 B a page (Linux 4.6 to 5.15)
  // Set aside when the VM starts, second-stage tables come out of it; Xen.
  sim::Bytes pool_vcpu{};
  sim::Bytes pool_mebibyte{};  // for each MiB of the VM
};

// How much of a VM is mapped, and with what.
struct MappedMemory {
  sim::Bytes memory{};      // of the VM
  sim::Bytes touched{};     // mapped so far
  sim::Bytes large_page{};  // 0 B: all of it in pages of 4 KiB
  double large_share = 0.0;
  bool reserved = false;     // static hugepages, without deposited tables
  bool second_stage = true;  // else the guest runs on the host's tables: a container
};

struct OwnMemory {
  sim::Bytes process{};       // of the VMM's process, code not included
  sim::Bytes code{};          // shared
  sim::Bytes slots{};         // KVM's arrays by page
  sim::Bytes kernel{};        // other state of the hypervisor, the pool included
  sim::Bytes second_stage{};  // tables
  sim::Bytes host_tables{};   // of the process
  // What one more VM takes.
  sim::Bytes each() const { return process + slots + kernel + second_stage + host_tables; }
};

// Pages of tables that map `memory`, from 0 up, in pages of `page`: four levels.
std::int64_t table_pages(sim::Bytes memory, sim::Bytes page);
// As above with a share of it in large pages, the rest in small ones.
std::int64_t table_pages(const MappedMemory& mapped);

OwnMemory own_memory(const OwnMemoryCosts& costs, const MappedMemory& mapped, int vcpus, int disks,
                     int nics);

}  // namespace models::vmm
