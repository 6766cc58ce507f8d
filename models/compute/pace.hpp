// How fast a running thread runs, and why: what contention.hpp makes known of it.
#pragma once

#include <cstdint>

namespace models::compute {

// Parts of the time of one instruction; they add up to Pace::instruction_s.
struct Pace {
  double instruction_s = 0.0;
  double running_s = 0.0;      // core and cache hits
  double smt_s = 0.0;          // extra core time because a sibling runs
  double local_s = 0.0;        // misses at local idle latency
  double remote_s = 0.0;       // extra idle latency of other memories
  double controller_s = 0.0;   // queueing at controllers
  double link_s = 0.0;         // queueing on links and buses
  double translation_s = 0.0;  // page walks, wherever their reads are served
  double exits_s = 0.0;
  double ticks_s = 0.0;
  double lines_s = 0.0;  // until a line that others write is here
};

struct StreamState {
  Pace pace;
  double space_B = 0.0;  // LLC space while running
  double misses_per_instruction = 0.0;
  double memory_latency_s = 0.0;  // mean loaded latency of its misses
  std::uint64_t version = 0;      // grows when any of these may have changed
};

}  // namespace models::compute
