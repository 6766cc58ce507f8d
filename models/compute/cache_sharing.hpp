// How the threads that run on one last-level cache divide its space.
//
// Given profiles p with counts n[p] running on a cache of size S, finds the space s[p] that each
// thread of a profile holds in steady state:
//   s[p] = S * i[p] / sum(n * i)       i[p] = misses per second of one thread with space s[p]
// capped by the thread's footprint, what the cap leaves going to the others. A thread inserts a
// line per miss, and under (pseudo-)LRU the cache holds lines in proportion to insertion. Where
// profiles may put lines into some ways only, this holds for each way, and a thread's insertions
// spread evenly over its ways.
//
// Models  division by insertion rate, footprints, whole-cache use by a thread alone, partitions by
//         ways, disjoint or overlapping.
// Omits   conflict misses, sharing of lines between threads, hits in ways that a thread may no
//         longer fill, prefetch pollution.
// Source  Chandra et al., HPCA 2005 (inductive contention models); Xu et al., ISPASS 2010 (CAMP);
//         Intel SDM 17.19 (Cache Allocation Technology).
// Checked tests/models/compute/cache_sharing_test.cpp.
#pragma once

#include <map>
#include <vector>

#include "models/compute/profile.hpp"
#include "models/topology/description.hpp"

namespace models::compute {

struct CacheMachine {
  double frequency_Hz = 0.0;
  double l2_B = 0.0;
  double llc_B = 0.0;
  double llc_latency_s = 0.0;
  double memory_latency_s = 0.0;  // idle, local: what sets the pace while dividing
  int llc_ways = 1;
  topology::LineBuffers buffers{};
};

class CacheSharing {
 public:
  explicit CacheSharing(const CacheMachine& machine) : machine_{machine} {}

  // The ways that lines of the next profile may be put into; none, and profiles never added: all.
  void add(std::vector<int> ways);

  // Space of one thread of each profile, in bytes; `counts` is indexed like `profiles`, zero counts
  // get zero, and all without an LLC. A mix that returns costs a look-up.
  const std::vector<double>& divide(const std::vector<const Profile*>& profiles,
                                    const std::vector<int>& counts);

 private:
  double reach_B(std::size_t profile) const;
  double insertions_per_s(const Profile& profile, double space_B) const;
  std::vector<double> solve(const std::vector<const Profile*>& profiles,
                            const std::vector<int>& counts) const;

  CacheMachine machine_;
  std::vector<std::vector<int>> ways_;                     // [profile]
  std::map<std::vector<int>, std::vector<double>> known_;  // counts -> space by profile
};

}  // namespace models::compute
