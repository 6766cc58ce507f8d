// Tunables of Linux's fair schedulers, unscaled as in kernel/sched/fair.c; the scheduler applies
// factor = 1 + floor(log2(min(cpus, 8))) to times itself (semantics.md 1.2).
#pragma once

#include "sim/units.hpp"

namespace models::scheduler {

struct FairTunables {
  sim::Duration migration_cost{500'000'000};  // 500 us: a thread that ran since is cache-hot
  int tick_hz = 250;                          // HZ: preemption is decided at ticks
  int busy_factor = 32;                       // semantics.md 1.7: 32 to 5.9, then 16
  int nr_migrate = 32;                        // threads moved in one pass at most
  int imbalance_pct = 125;
  bool autogroup_vms = true;    // one cgroup per VM (libvirt)
  bool affine_by_load = false;  // to 4.13: the waker's CPU attracts unless it has more load
  bool balancing = true;  // false: threads stay where they were first placed (for what-if runs)
};

struct CfsTunables : FairTunables {
  sim::Duration latency{6'000'000'000};             // sched_latency 6 ms (2.6.36 - 6.5)
  sim::Duration min_granularity{750'000'000};       // 0.75 ms
  sim::Duration wakeup_granularity{1'000'000'000};  // 1 ms
  int nr_latency = 8;                               // period = nr > 8 ? nr * min_gran : latency
  // A vCPU that yields to one of its VM on the same CPU falls behind it, so that the yield holds:
  // Ishiguro et al., VEE 2021 (their patch of kernel/sched/fair.c); never in Linux.
  bool yields_hold = false;
};

struct EevdfTunables : FairTunables {
  sim::Duration base_slice{700'000'000};  // 0.70 ms since 6.15, 0.75 ms before
};

// Xen's, as its command line states them (semantics.md 2).
struct CreditTunables {
  sim::Duration timeslice{
      30'000'000'000};                     // sched_credit_tslice_ms, 30 ms; a third of it is a tick
  sim::Duration ratelimit{1'000'000'000};  // sched_ratelimit_us, 1000 us
  bool balancing = true;                   // false: a busy vCPU stays (for what-if runs)
};

// Whose CPUs share a runqueue of credit2 (credit2_runqueue).
enum class RunQueue { cpu, core, socket, node, all };

struct Credit2Tunables {
  sim::Duration ratelimit{1'000'000'000};
  sim::Duration migrate_resist{500'000'000};  // sched_credit2_migrate_resist, 500 us
  RunQueue runqueue = RunQueue::socket;
  int max_cpus_runqueue = 16;  // sched_credit2_max_cpus_runqueue, since Xen 4.14
  bool balancing = true;
};

}  // namespace models::scheduler
