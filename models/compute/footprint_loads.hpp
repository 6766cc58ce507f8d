// Which cache serves loads that go all over a working set.
//
//   random order  a cache of C bytes holds C / S of a set of S bytes, whatever it replaces
//   cyclic order  under LRU a cache that does not hold the whole set has evicted each line when it
//                 comes round: all or nothing
//
// Models  L1, L2 and LLC as levels that hold the lines of the smaller ones (or the most recent ones
//         beyond theirs); hardware threads that divide a core's caches.
// Omits   conflict misses, replacement that resists cyclic use (Ivy Bridge's LLC), prefetching.
// Source  independent references to lines that are all alike: any replacement that ignores the
//         address holds a random C of S lines (King, IFIP 1971); Mattson et al. 1970 for LRU.
// Checked tests/models/compute/footprint_loads_test.cpp; validation case cache-ladder-ivybridge.
#pragma once

#include "models/compute/profile.hpp"
#include "models/topology/description.hpp"

namespace models::compute {

// Share of the loads that a cache with room for `room_B` does not serve.
double beyond(double room_B, double footprint_B, Order order);

// Shares of the loads by who serves them; they add up to 1.
struct Served {
  double l1 = 0.0;
  double l2 = 0.0;
  double llc = 0.0;
  double memory = 0.0;
};

// `space_B` is the thread's room in the LLC, `threads` the busy hardware threads of its core.
Served served(const topology::Description& host, const Profile& profile, double space_B,
              int threads);

// Throughput of `threads` busy threads of one core over one: each further thread adds half of what
// the one before it added; exact for two, an assumption beyond (SMT-4 and SMT-8 hosts).
double core_throughput(int threads, double yield);

// Lines under way at once, while so many hardware threads of the core are busy. Each then has its
// part of the window that misses are found in: beside the one at its head, that much less of the
// others,
//   1 + (parallelism - 1) / threads,
// and of the buffers, or of whatever holds more lines than L1's buffers do. Threads of a host that
// states their yield (`host_yield`: modules of two cores) divide that much less.
// Source  reorder, load and store buffers are divided while both threads run (Intel Optimization
//         Reference Manual, Hyper-Threading); misses of a window in proportion to its length:
//         Karkhanis and Smith, ISCA 2004.
double lines_at_once(const topology::LineBuffers& buffers, const Profile& profile, int threads,
                     double host_yield = 0.0);

}  // namespace models::compute
