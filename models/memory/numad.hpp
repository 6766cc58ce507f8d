// numad: a daemon that looks at what processes use and binds the larger ones to nodes.
//
// Of each node it weighs what is free, the process's own use given back to it, by
//   (10 x memory needed there + 4 x what is left) x (6 x CPUs needed there + 1 x what is left)
// over the square of its distance, takes the best node and as many more as the process needs, the
// nearest first. One process is bound a round; the next round follows soon, else later.
//
// Models  thresholds, order (unbound first, largest first), margin of utilization, preference for
//         where memory already is, five minutes between two decisions about one process.
// Omits   the earlier second look when nodes are uneven, interleaved processes' half hour,
//         pre-placement advice (-w), GPUs.
// Source  numad.c (manage_loads, pick_numa_nodes), 0.5 and 20251104.
// Checked tests/models/memory/numad_test.cpp.
#pragma once

#include <optional>
#include <vector>

#include "sim/units.hpp"

namespace models::memory {

struct NumadTunables {
  sim::Duration min_interval{5'000'000'000'000};   // MIN_INTERVAL, 5 s
  sim::Duration max_interval{15'000'000'000'000};  // MAX_INTERVAL, 15 s
  int utilization = 85;                            // percent; 90 in later releases
};

// CPUs in hundredths, memory in MB, as numad counts.
struct NumadNode {
  double cpus = 0.0, cpus_free = 0.0;
  double memory = 0.0, memory_free = 0.0;
};

struct NumadProcess {
  double cpus = 0.0;           // used
  int threads = 1;             // most CPUs that it can use
  std::vector<double> memory;  // [node]
  std::vector<int> nodes;      // bound to; empty: never
  double bound_s = 0.0;        // when
};

struct NumadBinding {
  int process = 0;
  std::vector<int> nodes;
};

class Numad {
 public:
  Numad(const NumadTunables& tunables, std::vector<std::vector<int>> distances);
  // One round. What it binds is to be noted in the process.
  std::optional<NumadBinding> manage(double now_s, const std::vector<NumadProcess>& processes,
                                     const std::vector<NumadNode>& nodes) const;
  // Where a process of these needs would go.
  std::vector<int> pick(const NumadProcess& process, const std::vector<NumadNode>& nodes,
                        bool enough_cpus) const;

 private:
  NumadTunables tunables_;
  std::vector<std::vector<int>> distances_;
};

}  // namespace models::memory
