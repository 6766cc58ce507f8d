// A compute profile: what an instruction stream asks of core, caches and memory.
//
// Time of one instruction (MODELS.md section 1, Eyerman et al. interval model in its mean form):
//   t = CPI / f + APKI/1000 * (hit * L_llc + miss * L_mem) / MLP
// with miss = miss_curve(LLC space) and hit = 1 - miss.
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

struct Profile {
  double base_cpi = 1.0;  // cycles per instruction when all accesses hit up to L2
  double llc_accesses_per_kilo_instruction = 0.0;
  MissCurve miss_curve;
  // Loads whose line another vCPU has modified, beside the accesses above.
  double dirty_lines_per_kilo_instruction = 0.0;
  double memory_level_parallelism = 1.0;  // misses overlapped, >= 1
  double write_back_fraction = 0.0;       // dirty lines written per line read
  sim::Bytes footprint{};                 // hot working set: most LLC space it can use
  double smt_yield = 1.25;                // two of it on one core over one, 1 .. 2
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
  std::vector<int> llc_ways{};  // that its lines may be put into, ascending; empty: all
};

}  // namespace models::compute
