// Linux's Completely Fair Scheduler as a KVM host runs it: vCPU threads in a cgroup per VM.
//
// Virtual runtime: v += ran * 1024 / weight; the runnable entity with the smallest v runs next.
//   period(nr) = nr > nr_latency ? nr * min_granularity : latency      (all scaled)
//   slice      = period * weight / sum of weights
//
// Models  preemption at ticks only, wake-up preemption, sleeper credit, start debit.
// Omits   next/last buddies; what fair.hpp omits.
// Source  semantics.md 1.3 (kernel/sched/fair.c 4.19).
// Checked tests/models/scheduler/cfs_test.cpp, cfs_details_test.cpp.
#pragma once

#include "models/scheduler/fair.hpp"

namespace models::scheduler {

class Cfs final : public Fair {
 public:
  Cfs(sim::Engine& engine, const CpuMap& map, const CfsTunables& tunables, Dispatch& dispatch);

  bool yield_to(ThreadId from, ThreadId to) override;

 private:
  void place(Cpu& cpu, Thread& thread, Arrival arrival, const GroupOnCpu& from) override;
  void place_group(Cpu& cpu, GroupOnCpu& group) override;
  void leave(Cpu& cpu, Thread& thread, bool to_sleep, bool last) override;
  Thread* pick(const Cpu& cpu) const override;
  bool may_be_next(const Cpu& cpu, const Thread& thread) const override;
  bool wakeup_preempts(const Cpu& cpu, const Thread& thread) const override;
  double undisturbed_ns(const Cpu& cpu) const override;

  void fall_behind(ThreadId yielding, ThreadId next);
  double slice_ns(int entities, double weight, double total) const;
  double preemption_ns(double ran_ns, double lead_ns, double slice, double weight) const;

  int nr_latency_;
  bool yields_hold_;
  double latency_ns_, min_granularity_ns_, wakeup_granularity_ns_;  // scaled
};

}  // namespace models::scheduler
