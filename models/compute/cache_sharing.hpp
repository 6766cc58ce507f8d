// How the threads that run on one last-level cache divide its space.
//
// Given profiles p with counts n[p] running on a cache of size S, finds the space s[p] that each
// thread of a profile holds in steady state:
//   s[p] = S * i[p] / sum(n * i)       i[p] = misses per second of one thread with space s[p]
// capped by the thread's footprint, what the cap leaves going to the others. A thread inserts a
// line per miss, and under (pseudo-)LRU the cache holds lines in proportion to insertion.
//
// Models  division by insertion rate, footprints, whole-cache use by a thread alone.
// Omits   conflict misses, sharing of lines between threads, way partitions, prefetch pollution.
// Source  Chandra et al., HPCA 2005 (inductive contention models); Xu et al., ISPASS 2010 (CAMP).
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
  topology::LineBuffers buffers{};
};

class CacheSharing {
 public:
  explicit CacheSharing(const CacheMachine& machine) : machine_{machine} {}

  // Space of one thread of each profile, in bytes; `counts` is indexed like `profiles`, zero counts
  // get zero. Remembered by the mix, so a mix that returns costs a look-up.
  const std::vector<double>& divide(const std::vector<const Profile*>& profiles,
                                    const std::vector<int>& counts);

 private:
  double insertions_per_s(const Profile& profile, double space_B) const;
  std::vector<double> solve(const std::vector<const Profile*>& profiles,
                            const std::vector<int>& counts) const;

  CacheMachine machine_;
  std::map<std::vector<int>, std::vector<double>> known_;  // counts -> space by profile
};

}  // namespace models::compute
