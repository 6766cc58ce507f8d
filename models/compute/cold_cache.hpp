// What a thread must refill when it runs again: what others evicted while it was away, or all of
// it on a core or LLC that it comes to new.
//
// A cache of size S into which others insert I bytes loses a share 1 - exp(-I / S) of what was
// there before (random replacement; LRU loses it a little later and then faster). So one number
// per cache, and per region of an LLC's ways, the bytes inserted so far, tells how cold any earlier
// tenant is: O(regions) a switch.
//
// Models  private (L2) and last-level caches, return to a cache still partly warm, migration,
//         ways of an LLC that others put no lines into.
// Omits   L1, TLBs, the traffic of the refill. An LLC's lines come back evenly, as if each access
//         met another line of what the stream holds there.
// Source  MODELS.md section 1 "cold caches"; Agarwal, Horowitz, Hennessy 1989 for the decay.
// Checked tests/models/compute/cold_cache_test.cpp; validation case migration-loss.
#pragma once

#include <limits>
#include <vector>

#include "models/compute/contention.hpp"

namespace models::compute {

class ColdCache {
 public:
  // With `llc_sharing` off each stream has every LLC to itself: others evict nothing of it there.
  ColdCache(const topology::Topology& topology, const Contention& contention,
            bool llc_sharing = true);

  void add();  // next stream; call beside Contention::add
  // What a stream has to bring back: into the core's cache at once, into the LLC as it comes to
  // use what it had there, which takes it that many instructions.
  struct Refill {
    sim::Duration core{};
    sim::Duration llc{};
    double llc_instructions = 0.0;
    // Of what it lacks there, which these bring back.
    double core_share = 1.0;
    double llc_share = 1.0;
  };
  // Shares of a Refill that have not come back.
  struct Missing {
    double core = 0.0;
    double llc = 0.0;
  };
  // The stream leaves `cpu`: remembers what it holds there.
  void leave(StreamId stream, int cpu, const Profile& profile, sim::Instant now,
             const Missing& missing);
  // The stream starts on `cpu`: what it lacks there, nothing on its very first start. A run that
  // touches no more than `most_B` of what it holds brings back that part of it. Needs contention
  // settled with the stream running.
  Refill enter(StreamId stream, int cpu, const Profile& profile, sim::Instant now,
               double most_B = std::numeric_limits<double>::infinity());

 private:
  struct Tenancy {
    double held_B = 0.0;      // when it left
    double wanted_B = 0.0;    // with what had not come back
    double inserted_B = 0.0;  // the cache's count then
  };
  struct Memory {
    int core = -1;  // last core, -1: never ran
    Tenancy in_core;
    std::vector<Tenancy> in_llc;  // [llc * regions of its ways + region]
    double core_cold_B = 0.0;     // at its last start
    double llc_cold_B = 0.0;
  };

  // The stream's in that LLC, by regions of its ways.
  Tenancy* in_llc(Memory& memory, int llc);

  const topology::Topology& topology_;
  const Contention& contention_;
  bool llc_sharing_ = true;
  double core_B_ = 0.0;
  bool has_llc_ = false;
  double llc_latency_s_ = 0.0;
  std::vector<Memory> memory_;  // [stream]
};

}  // namespace models::compute
