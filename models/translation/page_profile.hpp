// What a workload says of its use of pages, and a VM of the pages that map its memory.
#pragma once

#include <vector>

#include "sim/units.hpp"

namespace models::translation {

enum class PageSize { small, large, huge };  // 4 KiB, 2 MiB, 1 GiB

// What one dimension maps memory with: a share of it with pages of `size`, the rest with 4 KiB.
struct PageUse {
  PageSize size = PageSize::large;
  double coverage = 1.0;  // 0 .. 1
};

// Misses of the TLB over its reach; points in rising order of reach with falling ratio.
struct ReachPoint {
  sim::Bytes reach{};
  double miss_ratio = 0.0;
};

// How an instruction stream uses pages.
struct PageReferences {
  // References to another page than the one just used, anywhere in the span.
  double scattered_per_kilo_instruction = 0.0;
  // Share of them that misses a TLB of that reach; linear between points. Empty: as if all pages of
  // the span were used alike, 1 - reach / span.
  std::vector<ReachPoint> miss_curve;
  // Bytes streamed through in order: one reference to a new page for each page's worth.
  double sequential_B_per_kilo_instruction = 0.0;
  // Memory that the references fall in; zero: the profile's footprint.
  sim::Bytes span{};
  // Share of its memory that large pages can map at all: big anonymous areas, not the page cache
  // nor small processes.
  double large_page_share = 1.0;

  bool any() const {
    return scattered_per_kilo_instruction > 0 || sequential_B_per_kilo_instruction > 0;
  }
};

}  // namespace models::translation
