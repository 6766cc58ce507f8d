#include "models/vmm/own_memory.hpp"

#include <algorithm>
#include <cmath>

namespace models::vmm {
namespace {

constexpr std::int64_t kPage_B = 4096;
constexpr std::int64_t kEntries = 512;  // of a table
constexpr std::int64_t kLarge_B = kEntries * kPage_B;
constexpr std::int64_t kHuge_B = kEntries * kLarge_B;
constexpr std::int64_t kRmap_B = 8;          // struct kvm_rmap_head: one word
constexpr std::int64_t kTrack_B = 2;         // gfn_track: unsigned short
constexpr std::int64_t kLargeInfo_B = 4;     // struct kvm_lpage_info
constexpr std::int64_t kShadowPage_B = 184;  // struct kvm_mmu_page, of each second-stage table
constexpr std::int64_t kMebibyte_B = 1024 * 1024;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// A bit for each page, in blocks of 256 Ki pages (QEMU's DIRTY_MEMORY_BLOCK_SIZE) of which only
// what is written is there: whole host pages.
std::int64_t bitmap_B(sim::Bytes memory) {
  const std::int64_t bits = ceil_div(memory.count(), kPage_B);
  return ceil_div(ceil_div(bits, 8), kPage_B) * kPage_B;
}

sim::Bytes slots(const OwnMemoryCosts& costs, sim::Bytes memory) {
  const std::int64_t small = ceil_div(memory.count(), kPage_B);
  const std::int64_t large = ceil_div(memory.count(), kLarge_B) + ceil_div(memory.count(), kHuge_B);
  std::int64_t all = large * kLargeInfo_B;
  if (costs.rmap) all += (small + large) * kRmap_B;
  if (costs.page_track) all += small * kTrack_B;
  return sim::Bytes{all};
}

}  // namespace

std::int64_t table_pages(sim::Bytes memory, sim::Bytes page) {
  std::int64_t all = 1;  // the root
  for (std::int64_t span = page.count() * kEntries; span < kEntries * kHuge_B; span *= kEntries)
    all += ceil_div(memory.count(), span);
  all += ceil_div(memory.count(), kEntries * kHuge_B);
  return all;
}

std::int64_t table_pages(const MappedMemory& mapped) {
  const bool large = mapped.large_page.count() > kPage_B && mapped.large_share > 0;
  const auto in_large = large
                            ? sim::Bytes{static_cast<std::int64_t>(
                                  mapped.large_share * static_cast<double>(mapped.touched.count()))}
                            : sim::Bytes{};
  // The upper levels are shared: those of all of it; the lowest only where pages are small.
  std::int64_t all = table_pages(mapped.touched, sim::Bytes{kHuge_B});
  const sim::Bytes in_small = mapped.touched - in_large;
  const bool two_level = !large || mapped.large_page.count() == kLarge_B;
  all += ceil_div(two_level ? mapped.touched.count() : in_small.count(), kHuge_B);
  all += ceil_div(in_small.count(), kLarge_B);
  return all;
}

OwnMemory own_memory(const OwnMemoryCosts& costs, const MappedMemory& mapped, int vcpus, int disks,
                     int nics) {
  OwnMemory own;
  own.code = costs.code;
  own.process = costs.machine + costs.vcpu * vcpus + costs.disk * disks + costs.nic * nics +
                sim::Bytes{bitmap_B(mapped.memory)} * costs.dirty_bitmaps;
  if (!mapped.second_stage) return own;
  own.slots = slots(costs, mapped.memory);
  own.kernel = costs.kernel_vm + costs.kernel_vcpu * vcpus;
  const std::int64_t tables = table_pages(mapped);
  const sim::Bytes pool =
      costs.pool_vcpu * vcpus + costs.pool_mebibyte * (mapped.memory.count() / kMebibyte_B);
  own.second_stage = std::max(sim::Bytes{tables * (kPage_B + kShadowPage_B)}, pool);
  if (pool.count() > 0) return own;  // no process of a host maps the guest
  // A transparent hugepage keeps the table by which it may be split.
  MappedMemory host = mapped;
  if (!mapped.reserved && mapped.large_page.count() == kLarge_B) host.large_share = 0.0;
  own.host_tables = sim::Bytes{table_pages(host) * kPage_B};
  return own;
}

}  // namespace models::vmm
