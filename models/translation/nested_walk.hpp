// A walk of two dimensions: the guest's tables, whose addresses the host's tables translate, and
// the host's for the data.
//
// The guest's walk, the host's walks for each of its tables and that for the data use the same
// paging-structure caches, each as often as it gets there; the tables' translations have entries of
// the second-level TLB (Intel) or of a TLB of their own (AMD). What each holds says how often the
// others are used: solved in rounds.
//
// Omits   that hits at a level keep the entries above it.
// Source  Intel SDM 3 section 29.3; Bhargava et al. ASPLOS 2008; Gandhi et al., MICRO 2014: nested
//         translations share the TLB, 1.3 to 1.6 times the misses [recall].
// Checked tests/models/translation/page_walk_test.cpp.
#pragma once

#include <vector>

#include "models/topology/description.hpp"
#include "models/translation/dimension.hpp"
#include "models/translation/page_walk.hpp"

namespace models::translation {

class NestedWalk {
 public:
  // `second_level` are the entries of the second-level TLB that the data's translations share with
  // the tables' where both lie there.
  NestedWalk(const topology::Tlb& tlb, PageSize guest, PageSize host, double span_B,
             double second_level, int threads);

  // `often` walks an instruction.
  void add(double often, std::vector<TableReads>& reads) const;
  // Entries of the second-level TLB that are left to the data.
  double second_level() const { return left_; }

 private:
  void divide_caches(const topology::Tlb& tlb, int threads);
  void divide_tlb();

  Dimension guest_;
  std::vector<Dimension> hosts_;  // for the guest's table of each level from its leaf, and the data
  std::vector<double> walked_;    // [host] how often, of a walk
  std::vector<double> pages_;     // [guest's level from its leaf] of the host, that its tables take
  std::vector<double> found_;     // and the share of reads that finds their translation
  double second_level_, own_;     // entries
  double page_B_;                 // that a TLB entry maps
  double span_B_;
  bool together_;
  double left_;
};

}  // namespace models::translation
