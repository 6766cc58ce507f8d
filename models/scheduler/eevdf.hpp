// Linux's Earliest Eligible Virtual Deadline First (6.6 on), as a KVM host runs it.
//
// On each queue, of threads in their group and of groups on their CPU:
//   V        = sum w v / sum w                 the queue's virtual time
//   lag      = V - v                           what an entity is owed; eligible: lag >= 0
//   deadline = v + slice * 1024 / w            of the present request, anew when v reaches it
// The eligible entity of the earliest deadline runs. RUN_TO_PARITY: whoever was picked keeps the
// CPU, as long as it is eligible, until its deadline or a slice has passed.
//
// Models  lag kept over sleep and carried to another CPU (PLACE_LAG), clamped at leaving; an
//         entity that leaves in debt works it off while others run (DELAY_DEQUEUE), and brings back
//         no more than it is owed (DELAY_ZERO); half a slice for new ones; decisions at ticks;
//         wake-up preemption.
// Omits   slices set by sched_attr, PREEMPT_SHORT; a sleeper in debt is off the queue at once, its
//         debt is reckoned when it wakes from what the others' V has gained by then.
// Source  semantics.md 1.6 (kernel/sched/fair.c 6.17); Stoica, Abdel-Wahab 1995.
// Checked tests/models/scheduler/eevdf_test.cpp; validation: linux-eevdf.toml.
#pragma once

#include "models/scheduler/fair.hpp"

namespace models::scheduler {

class Eevdf final : public Fair {
 public:
  Eevdf(sim::Engine& engine, const CpuMap& map, const EevdfTunables& tunables, Dispatch& dispatch);

 private:
  // Sums over a queue.
  struct Sum {
    double weight = 0.0;
    double moment = 0.0;  // sum of w v
    int entities = 0;
    void add(const Entity& e) {
      weight += e.weight;
      moment += e.weight * e.v;
      ++entities;
    }
    double average(double otherwise) const { return weight > 0.0 ? moment / weight : otherwise; }
  };

  void place(Cpu& cpu, Thread& thread, Arrival arrival, const GroupOnCpu& from) override;
  void place_group(Cpu& cpu, GroupOnCpu& group) override;
  void leave(Cpu& cpu, Thread& thread, bool to_sleep, bool last) override;
  void has_run(Cpu& cpu) override;
  void reweighed(Cpu& cpu, GroupOnCpu& group, double before) override;
  Thread* pick(const Cpu& cpu) const override;
  void picked(Thread& next, bool group_too) override;
  bool may_be_next(const Cpu& cpu, const Thread& thread) const override;
  bool wakeup_preempts(const Cpu& cpu, const Thread& thread) const override;
  double undisturbed_ns(const Cpu& cpu) const override;

  Sum threads_of(const Cpu& cpu, const GroupOnCpu& group, const Thread* but) const;
  Sum groups_of(const Cpu& cpu, const GroupOnCpu* but) const;
  double virtual_slice(const Entity& e) const { return slice_ns_ * nice0() / e.weight; }
  void place_entity(Entity& e, const Sum& others, double empty_v, bool fresh) const;
  void leave_entity(Entity& e, const Sum& others) const;
  void renew(Entity& e, double since_tick_ns, bool alone) const;
  const GroupOnCpu& pick_group(const Cpu& cpu) const;
  Thread* pick_thread(const Cpu& cpu, const GroupOnCpu& group) const;
  template <class Member>
  int best(int count, const Member& member, int current) const;

  double slice_ns_;  // scaled
};

}  // namespace models::scheduler
