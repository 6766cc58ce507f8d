// What a thread must refill when it runs again: what others evicted while it was away, or all of
// it on a core or LLC that it comes to new.
//
// A cache of size S into which others insert I bytes loses a share 1 - exp(-I / S) of what was
// there before (random replacement; LRU loses it a little later and then faster). So one number
// per cache, the bytes inserted so far, tells how cold any earlier tenant is: O(1) a switch.
//
// Models  private (L2) and last-level caches, return to a cache still partly warm, migration.
// Omits   L1, TLBs, the traffic of the refill; lines brought back are taken to be all needed.
// Source  MODELS.md section 1 "cold caches"; Agarwal, Horowitz, Hennessy 1989 for the decay.
// Checked tests/models/compute/cold_cache_test.cpp; validation case migration-loss.
#pragma once

#include <vector>

#include "models/compute/contention.hpp"

namespace models::compute {

class ColdCache {
 public:
  // With `llc_sharing` off each stream has every LLC to itself: others evict nothing of it there.
  ColdCache(const topology::Topology& topology, const Contention& contention,
            bool llc_sharing = true);

  void add();  // next stream; call beside Contention::add
  // The stream leaves `cpu`: remembers what it holds there.
  void leave(StreamId stream, int cpu, const Profile& profile, sim::Instant now);
  // The stream starts on `cpu`: time its refill misses take, zero on its very first start. Needs
  // contention settled with the stream running.
  sim::Duration enter(StreamId stream, int cpu, const Profile& profile, sim::Instant now) const;

 private:
  struct Tenancy {
    double held_B = 0.0;      // when it left
    double inserted_B = 0.0;  // the cache's count then
  };
  struct Memory {
    int core = -1;  // last core, -1: never ran
    Tenancy in_core;
    std::vector<Tenancy> in_llc;  // [llc]
  };

  const topology::Topology& topology_;
  const Contention& contention_;
  bool llc_sharing_ = true;
  double core_B_ = 0.0;
  double llc_B_ = 0.0;
  double llc_latency_s_ = 0.0;
  std::vector<Memory> memory_;  // [stream]
};

}  // namespace models::compute
