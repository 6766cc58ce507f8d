// Memory that a guest's Linux kernel touches for itself while it boots, by the size of the VM.
//
//   image + 64 B a page + dentry and inode hash tables + bounce buffer above 4 GiB
//
// Models  struct page of all memory; the two large hash tables, a power of two of 8-byte buckets
//         for each 8 and 16 KiB; the software I/O TLB, which a kernel without an IOMMU clears when
//         memory reaches beyond 4 GiB, below which a PC leaves a hole of 1 GiB; zones, in each of
//         which the page allocator fills blocks of its own for each kind of use.
// Omits   crash kernels, reserved hugepages, kernels with deferred struct pages.
// Source  Linux 4.14 mm/sparse.c, fs/dcache.c, fs/inode.c, mm/page_alloc.c
//         (alloc_large_system_hash), lib/swiotlb.c, arch/x86/kernel/pci-swiotlb.c.
// Checked tests/models/guest/kernel_memory_profile_test.cpp; validation subsystem memory-overhead.
#pragma once

#include <bit>
#include <cstdint>

#include "sim/units.hpp"

namespace models::guest {

struct KernelMemory {
  sim::Bytes image{};  // code, data, what it allocates whatever the VM's size
  bool swiotlb = true;
};

inline constexpr std::int64_t kPageOfGuest_B = 4096;
inline constexpr std::int64_t kStructPage_B = 64;
inline constexpr std::int64_t kBelowHole_B = 3'221'225'472;  // 3 GiB: QEMU's pc, Firecracker
inline constexpr std::int64_t kSwiotlb_B = 67'108'864;       // IO_TLB_DEFAULT_SIZE, 64 MiB

inline sim::Bytes kernel_touches(const KernelMemory& kernel, sim::Bytes memory) {
  const auto table = [&](std::int64_t bytes_a_bucket) {
    const auto buckets = static_cast<std::uint64_t>(memory.count() / bytes_a_bucket);
    return static_cast<std::int64_t>(std::bit_ceil(buckets)) * 8;
  };
  std::int64_t all = kernel.image.count() + memory.count() / kPageOfGuest_B * kStructPage_B;
  all += table(8 * 1024) + table(16 * 1024);
  if (kernel.swiotlb && memory.count() > kBelowHole_B) all += kSwiotlb_B;
  return sim::Bytes{all};
}

// Runs of touched memory, each of which ends within a large page of the host: the kernel's image,
// struct pages; in each zone (DMA, DMA32, Normal) unmovable, movable and reclaimable blocks.
inline int touched_runs(sim::Bytes memory) {
  constexpr int kKinds = 3;
  const int zones = memory.count() > kBelowHole_B ? 3 : 2;
  return 2 + kKinds * zones;
}

}  // namespace models::guest
