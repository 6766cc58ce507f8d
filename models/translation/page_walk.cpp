#include "models/translation/page_walk.hpp"

#include <algorithm>
#include <array>

namespace models::translation {
namespace {

constexpr double kEntriesPerLine = 8.0;     // of 8 bytes in 64
constexpr double kEntriesPerTable = 512.0;  // 4 KiB
constexpr int kTables = 5;                  // page table .. PML5
// Memory that one entry of a table maps: PTE, PDE, PDPTE, PML4E, PML5E.
constexpr std::array<double, kTables> kMapped_B{4096.0, 2097152.0, 1073741824.0, 549755813888.0,
                                                281474976710656.0};

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

int leaf(PageSize size) {
  return static_cast<int>(size);
}

// One dimension's walk over evenly used memory: for each level, how often it is read.
class Dimension {
 public:
  Dimension(const topology::Tlb& tlb, PageSize page, double span_B, int threads)
      : page_{page}, levels_{tlb.levels}, span_B_{span_B} {
    const std::array<int, kTables> cached{0, tlb.pde_cache, tlb.pdpte_cache, tlb.pml4e_cache,
                                          tlb.pml4e_cache};
    double needed = 1.0;  // chance that the walk has to begin this high
    for (int level = leaf(page); level < levels_; ++level) {
      // An entry that is itself the leaf sits in the TLB, not in a paging-structure cache.
      if (level > leaf(page)) {
        const double reach_B = cached[at(level)] / threads * kMapped_B[at(level)];
        needed *= 1.0 - std::min(1.0, reach_B / span_B);
      }
      read_[at(level)] = needed;
    }
  }

  int first() const { return leaf(page_); }
  int end() const { return levels_; }
  double read(int level) const { return read_[at(level)]; }
  double entries(int level) const { return std::max(1.0, span_B_ / kMapped_B[at(level)]); }
  double lines(int level) const { return std::max(1.0, entries(level) / kEntriesPerLine); }
  // Memory taken by the tables of a level.
  double table_B(int level) const {
    return std::max(1.0, entries(level) / kEntriesPerTable) * 4096.0;
  }
  void add(double per_instruction, std::vector<TableReads>& reads) const {
    for (int level = first(); level < end(); ++level) {
      const double often = per_instruction * read(level);
      if (often > 0) reads.push_back({often, lines(level)});
    }
  }

 private:
  PageSize page_;
  int levels_;
  double span_B_;
  std::array<double, kTables> read_{};
};

double ratio_at(const PageReferences& references, double reach_B, double memory_B) {
  const std::vector<ReachPoint>& curve = references.miss_curve;
  if (curve.empty()) return std::max(0.0, 1.0 - reach_B / memory_B);
  const auto reach = [](const ReachPoint& point) {
    return static_cast<double>(point.reach.count());
  };
  if (reach_B <= reach(curve.front())) return curve.front().miss_ratio;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    if (reach_B > reach(curve[i])) continue;
    const double part = (reach_B - reach(curve[i - 1])) / (reach(curve[i]) - reach(curve[i - 1]));
    return curve[i - 1].miss_ratio + part * (curve[i].miss_ratio - curve[i - 1].miss_ratio);
  }
  return curve.back().miss_ratio;
}

struct Entries {
  double first = 0.0;
  double second = 0.0;
};

// TLB entries for pages of a size, which a share of the references goes to.
Entries entries(const topology::Tlb& tlb, PageSize page, double share, int threads) {
  const double own = 1.0 / threads;
  switch (page) {
    case PageSize::small:
      return {tlb.l1_4k * own, tlb.l2_4k * (tlb.l2_shared_2m ? share : 1.0) * own};
    case PageSize::large:
      return {tlb.l1_2m * own, tlb.l2_shared_2m ? tlb.l2_4k * share * own : 0.0};
    case PageSize::huge:
      return {tlb.l1_1g * own, tlb.l2_1g * own};
  }
  return {};
}

// `often` walks of both dimensions over the span.
void walk_twice(const topology::Tlb& tlb, PageSize guest, PageSize host, double span_B,
                double often, int threads, std::vector<TableReads>& reads) {
  const Dimension guest_walk{tlb, guest, span_B, threads};
  for (int level = guest_walk.first(); level < guest_walk.end(); ++level) {
    const double read = often * guest_walk.read(level);
    if (read <= 0) continue;
    // The table's own guest-physical address, by the nested TLB or a walk of the host's tables.
    const double tables_B = guest_walk.table_B(level);
    const double reach_B = tlb.nested_tlb / static_cast<double>(threads) * bytes(host);
    const double walked = read * std::max(0.0, 1.0 - reach_B / tables_B);
    if (walked > 0) {
      Dimension{tlb, host, std::max(bytes(host), tables_B), threads}.add(walked, reads);
    }
    reads.push_back({read, guest_walk.lines(level)});
  }
  Dimension{tlb, host, std::max(bytes(host), span_B), threads}.add(often, reads);
}

// Memory that the guest maps with one size and the host with another.
struct Part {
  PageSize guest;
  PageSize host;
  PageSize entry;  // what a TLB entry maps: the smaller of the two
  double share;
};

// `alike` is the share of all memory that TLB entries of this part's size map.
void add_part(const topology::Tlb& tlb, const PageReferences& references, double memory_B,
              Paging paging, const Part& part, double alike, int threads, Walks& into) {
  const double span_B = std::max(bytes(part.entry), memory_B * part.share);
  const Entries have = entries(tlb, part.entry, alike, threads);
  const double page_B = bytes(part.entry);
  const double scattered = references.scattered_per_kilo_instruction / 1000.0 * part.share;
  const double sequential =
      references.sequential_B_per_kilo_instruction / 1000.0 * part.share / page_B;
  // The curve is of all memory: these entries reach a part of their part of it.
  const auto missing = [&](double count) {
    return ratio_at(references, count * page_B / alike, memory_B);
  };
  const double beyond_first = scattered * missing(have.first);
  const double beyond_all = scattered * missing(std::max(have.first, have.second));
  const double misses = beyond_all + sequential;
  into.misses_per_instruction += misses;
  into.l2_tlb_hits_per_instruction += beyond_first - beyond_all;
  if (misses <= 0) return;
  const auto walk = [&](double often) {
    if (paging == Paging::nested) {
      walk_twice(tlb, part.guest, part.host, span_B, often, threads, into.reads);
    } else {
      Dimension{tlb, part.entry, span_B, threads}.add(often, into.reads);
    }
  };
  if (beyond_all > 0) walk(beyond_all);
  if (sequential <= 0) return;
  // In order, one line of leaf entries serves eight walks; the others find it at hand.
  walk(sequential / kEntriesPerLine);
  const double dimensions = paging == Paging::nested ? 2.0 : 1.0;
  into.reads.push_back({dimensions * sequential * (1.0 - 1.0 / kEntriesPerLine), 1.0});
}

}  // namespace

double Walks::reads_per_walk() const {
  double all = 0.0;
  for (const TableReads& read : reads) all += read.per_instruction;
  return misses_per_instruction > 0 ? all / misses_per_instruction : 0.0;
}

Walks walks(const topology::Tlb& tlb, const PageReferences& references, sim::Bytes span,
            Paging paging, const PageUse& guest, const PageUse& host, int threads) {
  Walks result;
  if (!references.any()) return result;
  const double memory_B = std::max(4096.0, static_cast<double>(span.count()));
  const bool two = paging != Paging::native;
  const double g =
      guest.size == PageSize::small ? 0.0 : guest.coverage * references.large_page_share;
  const double h = host.size == PageSize::small ? 0.0 : host.coverage;
  std::vector<Part> parts;
  const auto add = [&](PageSize guest_page, PageSize host_page, double share) {
    const PageSize entry = two ? std::min(guest_page, host_page) : guest_page;
    if (share > 0) parts.push_back({guest_page, host_page, entry, share});
  };
  add(guest.size, host.size, two ? g * h : g);
  add(guest.size, PageSize::small, two ? g * (1.0 - h) : 0.0);
  add(PageSize::small, host.size, two ? (1.0 - g) * h : 1.0 - g);
  add(PageSize::small, PageSize::small, two ? (1.0 - g) * (1.0 - h) : 0.0);
  std::array<double, 3> alike{};
  for (const Part& part : parts) alike[at(leaf(part.entry))] += part.share;
  for (const Part& part : parts) {
    add_part(tlb, references, memory_B, paging, part, alike[at(leaf(part.entry))], threads, result);
  }
  return result;
}

}  // namespace models::translation
