// One dimension's walk over evenly used memory: for each level of tables, how often it is read.
//
// A walk begins at the lowest level whose entry a paging-structure cache holds; `hit` of a level is
// the share of walks that got there and find its entry (shared_entries.hpp).
//
// Source  Barr et al. ISCA 2010. Checked tests/models/translation/page_walk_test.cpp.
#pragma once

#include <array>
#include <vector>

#include "models/topology/description.hpp"
#include "models/translation/page_walk.hpp"

namespace models::translation {

inline constexpr int kTables = 5;  // page table .. PML5

// Entries that a core's caches have for each level's tables, for each of its threads.
std::array<double, kTables> cached_entries(const topology::Tlb& tlb, int threads);

class Dimension {
 public:
  // None of its entries are cached yet.
  Dimension(const topology::Tlb& tlb, PageSize page, double span_B);

  int first() const { return static_cast<int>(page_); }  // level of the leaf
  int end() const { return levels_; }
  double read(int level) const { return read_[static_cast<std::size_t>(level)]; }
  double entries(int level) const;
  double lines(int level) const;
  // Memory taken by the tables of a level.
  double table_B(int level) const;
  void hit(const std::array<double, kTables>& found);
  void add(double per_instruction, std::vector<TableReads>& reads) const;

 private:
  PageSize page_;
  int levels_;
  double span_B_;
  std::array<double, kTables> read_{};
};

// Its own caches.
Dimension native_walk(const topology::Tlb& tlb, PageSize page, double span_B, int threads);

}  // namespace models::translation
