// A compute profile: what an instruction stream asks of core, caches and memory.
//
// Time of one instruction (MODELS.md section 1, Eyerman et al. interval model in its mean form):
//   t = CPI / f + APKI/1000 * (hit * L_llc + miss * L_mem) / MLP
// with miss = miss_curve(LLC space) and hit = 1 - miss. Loads all over the footprint come beside
// these; the caches' sizes say who serves them (footprint_loads.hpp).
#pragma once

#include <vector>

#include "sim/units.hpp"

namespace models::compute {

// Miss ratio (misses / LLC accesses) as a function of LLC space held. Points in rising order of
// space with falling miss ratio; linear in between, constant outside. Empty means no misses.
struct MissPoint {
  sim::Bytes space{};
  double miss_ratio = 0.0;
};

class MissCurve {
 public:
  MissCurve() = default;
  // Throws sim::ConfigError when spaces do not rise, ratios rise, or leave [0, 1].
  explicit MissCurve(std::vector<MissPoint> points);
  double operator()(double space_B) const;
  const std::vector<MissPoint>& points() const { return points_; }

 private:
  std::vector<MissPoint> points_;
};

// What bounds how many lines are under way at once.
enum class Overlap {
  workload,      // its own dependences: memory_level_parallelism
  fill_buffers,  // independent loads, no prefetching: the core's line fill buffers
  streamer       // loads in order: the lines that L2's streamer runs ahead
};
// In which order loads go over the footprint.
enum class Order {
  random,  // any line next
  cyclic   // round and round: each line comes back when all others have
};
// Slices of the LLC that lines are chosen from, as programs that know the hash can (Farshin et al.,
// EuroSys 2019).
enum class Slices { all, nearest, farthest };

struct Profile {
  double base_cpi = 1.0;  // cycles per instruction when all accesses hit up to L2
  double llc_accesses_per_kilo_instruction = 0.0;
  MissCurve miss_curve;
  // Loads whose line another vCPU has modified, beside the accesses above.
  double dirty_lines_per_kilo_instruction = 0.0;
  double footprint_loads_per_kilo_instruction = 0.0;
  Order footprint_order = Order::random;
  Slices llc_slices = Slices::all;
  // Writes to lines that all vCPUs of the guest write: words of locks, counters.
  double contended_lines_per_kilo_instruction = 0.0;
  double memory_level_parallelism = 1.0;  // misses overlapped while it has a core alone, >= 1
  Overlap overlap = Overlap::workload;
  double write_back_fraction = 0.0;  // dirty lines written per line read
  sim::Bytes footprint{};            // hot working set: most LLC space it can use
  // Two of it on one core over one in base_cpi's cycles alone, 1 .. 2. What they gain beside that,
  // waiting for caches and memory in turn, and lose, having half the core's windows and buffers
  // each (footprint_loads.hpp), comes out of the other figures.
  double smt_yield = 1.25;
};

// Reads of page tables that a stream's address translation takes, beside its own accesses; see
// models/translation. They are data accesses like others: found in L2, LLC or memory.
struct TableReads {
  double per_instruction = 0.0;
  double lines = 1.0;  // 64-byte lines of the tables, used evenly
};
struct TableWalks {
  double cycles_per_instruction = 0.0;  // second-level TLB hits
  std::vector<TableReads> reads;
  double overlap = 1.0;  // walks under way at once, >= 1
};

// What a thread does on top of its own instructions.
struct Burden {
  // Page walks while k + 1 threads of the core are busy (the last repeats); all threads of one
  // profile have the same. Empty: translation costs nothing.
  std::vector<TableWalks> walks;
  double exit_cycles_per_instruction = 0.0;
  double tick_cycles_per_second = 0.0;  // of running time
  std::vector<int> llc_ways{};          // that its lines may be put into, ascending; empty: all
};

}  // namespace models::compute
