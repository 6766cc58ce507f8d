// Scheduling domains: the nested sets of CPUs over which Linux balances, per CPU, inner to outer.
//
// Models  SMT, MC (shared LLC), NODE, and one NUMA level for each distinct distance, whose groups
//         are the next inner spans (sched_init_numa). Levels that add no CPU are left out.
// Source  semantics.md 1.7; kernel/sched/topology.c.
// Checked tests/models/scheduler/domains_test.cpp.
#pragma once

#include <vector>

#include "models/scheduler/scheduler.hpp"

namespace models::scheduler {

enum class Level { smt, llc, node, numa };

struct Domain {
  Level level = Level::smt;
  std::vector<CpuId> span;                 // ascending
  std::vector<std::vector<CpuId>> groups;  // partition of span; groups[0] holds the CPU itself
  bool wake_affine = true;                 // NUMA distance within RECLAIM_DISTANCE
  int cache_nice_tries = 0;                // SMT 0, MC 1, NUMA 2
};

// [cpu][level], inner first; empty for a host of one CPU.
std::vector<std::vector<Domain>> build_domains(const CpuMap& map);

}  // namespace models::scheduler
