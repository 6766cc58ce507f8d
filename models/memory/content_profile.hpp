// What a guest's memory holds, in classes of pages that are written and read alike.
//
// The memory a workload keeps resident is divided into these classes; `share` sums to 1, what is
// not named is `hot`. Pages of class `zero` and `image` are the same in all VMs of one image, page
// for page; the others are a VM's own.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include "sim/units.hpp"

namespace models::memory {

enum class Content {
  zero,   // free or never written
  image,  // kernel, libraries and programs of the VM's image, clean page cache of its files
  cold,   // its own, hardly ever used: idle heaps, old page cache
  hot     // its own, in use
};
inline constexpr int kContents = 4;

std::string_view name(Content content);

struct ContentClass {
  double share = 0.0;                                          // of resident memory
  double rewrite_s = std::numeric_limits<double>::infinity();  // mean time between writes to a page
  double reuse_s = std::numeric_limits<double>::infinity();    // ... between accesses, running
  // Mean time until a page is freed and another of its kind touched in its place.
  double life_s = std::numeric_limits<double>::infinity();
};

// Without figures of its own all of a guest's memory is hot: nothing to merge, nothing to swap
// without pain.
struct ContentProfile {
  std::array<ContentClass, kContents> classes{
      {{0.0, 3600.0, 3600.0}, {0.0, 86400.0, 60.0}, {0.0, 1800.0, 600.0}, {1.0, 5.0, 1.0}}};
  double zero_read = 0.0;  // of the zero pages: only ever read, so all map the host's one
  sim::BytesPerSecond cache_growth{};  // page cache of the guest that fills its free memory

  ContentClass& operator[](Content c) { return classes[static_cast<std::size_t>(c)]; }
  const ContentClass& operator[](Content c) const { return classes[static_cast<std::size_t>(c)]; }
};

}  // namespace models::memory
