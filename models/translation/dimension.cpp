#include "models/translation/dimension.hpp"

#include <algorithm>

#include "models/translation/shared_entries.hpp"

namespace models::translation {
namespace {

constexpr double kEntriesPerLine = 8.0;     // of 8 bytes in 64
constexpr double kEntriesPerTable = 512.0;  // 4 KiB
// Memory that one entry of a table maps: PTE, PDE, PDPTE, PML4E, PML5E.
constexpr std::array<double, kTables> kMapped_B{4096.0, 2097152.0, 1073741824.0, 549755813888.0,
                                                281474976710656.0};

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

std::array<double, kTables> cached_entries(const topology::Tlb& tlb, int threads) {
  std::array<double, kTables> all{
      0.0, static_cast<double>(tlb.pde_cache), static_cast<double>(tlb.pdpte_cache),
      static_cast<double>(tlb.pml4e_cache), static_cast<double>(tlb.pml4e_cache)};
  for (double& entries : all) entries /= threads;
  return all;
}

Dimension::Dimension(const topology::Tlb& tlb, PageSize page, double span_B)
    : page_{page}, levels_{tlb.levels}, span_B_{span_B} {
  hit({});
}

double Dimension::entries(int level) const {
  return std::max(1.0, span_B_ / kMapped_B[at(level)]);
}

double Dimension::lines(int level) const {
  return std::max(1.0, entries(level) / kEntriesPerLine);
}

double Dimension::table_B(int level) const {
  return std::max(1.0, entries(level) / kEntriesPerTable) * 4096.0;
}

void Dimension::hit(const std::array<double, kTables>& found) {
  double needed = 1.0;  // chance that the walk has to begin this high
  for (int level = first(); level < end(); ++level) {
    // An entry that is itself the leaf sits in the TLB, not in a paging-structure cache.
    if (level > first()) needed *= 1.0 - found[at(level)];
    read_[at(level)] = needed;
  }
}

void Dimension::add(double per_instruction, std::vector<TableReads>& reads) const {
  for (int level = first(); level < end(); ++level) {
    const double often = per_instruction * read(level);
    if (often > 0) reads.push_back({often, lines(level)});
  }
}

Dimension native_walk(const topology::Tlb& tlb, PageSize page, double span_B, int threads) {
  Dimension walk{tlb, page, span_B};
  const std::array<double, kTables> cached = cached_entries(tlb, threads);
  std::array<double, kTables> found{};
  for (int level = walk.first() + 1; level < walk.end(); ++level)
    found[at(level)] = std::min(1.0, cached[at(level)] * kMapped_B[at(level)] / span_B);
  walk.hit(found);
  return walk;
}

}  // namespace models::translation
