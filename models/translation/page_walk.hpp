// What translating addresses costs: which page-table lines an instruction stream reads, how often.
//
// A reference that misses the TLBs walks the page tables. Native and shadow paging read one table a
// level; nested paging (EPT, NPT) translates each guest table's address by the host's tables too,
// (g + 1)(h + 1) - 1 reads for g guest and h host levels. Paging-structure caches skip the upper
// levels while the memory in use is within their reach; of a nested walk both dimensions share them
// (nested_walk.hpp).
//
// Models  TLB reach by page size and hardware threads; both dimensions' page sizes, mixed when
//         transparent huge pages cover a part; paging-structure caches and the nested TLB.
// Omits   accessed and dirty bits, conflict misses, page tables' own NUMA placement (they lie as
//         the data does), flushes of CPUs without VPID or ASID.
// Source  Barr et al. ISCA 2010 (translation caches), Bhargava et al. ASPLOS 2008 (nested walks),
//         Intel SDM 3 section 29.3 (combined and guest-physical mappings).
// Checked tests/models/translation/page_walk_test.cpp; validation subsystem translation.
//
// Whether a table line is then found in L2, LLC or memory is contention's business.
#pragma once

#include <vector>

#include "models/topology/description.hpp"
#include "models/translation/page_profile.hpp"
#include "sim/units.hpp"

namespace models::translation {

enum class Paging {
  native,  // a process or container: one dimension
  shadow,  // the VMM keeps combined tables: one dimension, but it must follow the guest's writes
  nested   // EPT, NPT: two dimensions
};
inline constexpr double bytes(PageSize size) {
  return size == PageSize::small ? 4096.0 : size == PageSize::large ? 2097152.0 : 1073741824.0;
}

// Reads of one set of page-table lines, used evenly.
struct TableReads {
  double per_instruction = 0.0;
  double lines = 1.0;  // 64-byte lines in the set
};

struct Walks {
  double misses_per_instruction = 0.0;       // of all TLBs
  double l2_tlb_hits_per_instruction = 0.0;  // found in the second-level TLB
  std::vector<TableReads> reads;
  double reads_per_walk() const;
};

// `span` is the memory that the references fall in, `threads` the busy hardware threads that share
// the core's TLBs.
Walks walks(const topology::Tlb& tlb, const PageReferences& references, sim::Bytes span,
            Paging paging, const PageUse& guest, const PageUse& host, int threads);

}  // namespace models::translation
