// The VMM as its administrator states it: scheduler and tunables, switch and exit costs.
#pragma once

#include <string>

#include "sim/units.hpp"

namespace models {

enum class SchedulerKind { cfs };

// Linux CFS tunables, unscaled as in the kernel source (semantics.md 1.2); the scheduler applies
// factor = 1 + floor(log2(min(cpus, 8))) itself.
struct CfsTunables {
  sim::Duration latency{6'000'000'000};             // sched_latency 6 ms (2.6.36 - 6.5)
  sim::Duration min_granularity{750'000'000};       // 0.75 ms
  sim::Duration wakeup_granularity{1'000'000'000};  // 1 ms
  int nr_latency = 8;                               // period = nr > 8 ? nr * min_gran : latency
  sim::Duration migration_cost{500'000'000};        // 500 us
  int tick_hz = 250;                                // HZ: preemption is decided at ticks
  int busy_factor = 32;                             // semantics.md 1.7
  int nr_migrate = 32;
  int imbalance_pct = 125;
  bool autogroup_vms = true;  // one cgroup per VM (libvirt)
};

struct VmmDescription {
  std::string name;
  std::string source;
  SchedulerKind scheduler = SchedulerKind::cfs;
  CfsTunables cfs;
  sim::Duration context_switch{2'000'000};  // direct cost of switching threads, 2 us
  sim::Cycles world_switch{2'000};          // VM exit + entry around a switch (SplitX)
  sim::Duration wake_latency{3'000'000};    // wake-up IPI to first instruction, 3 us
};

}  // namespace models
