// Relaxed co-scheduling: a vCPU that is far ahead of the slowest one of its VM is stopped until
// that one has caught up.
//
// Part of the composition root (running_host.hpp). A vCPU falls behind while it waits for a CPU or
// is stopped; running and being idle are progress alike. Who has been idle is as far as the
// slowest: what was before tells nothing about what the guest expects of it now.
//
// Models  skew against the slowest active vCPU; co-stop beyond the limit, co-start at half of it.
// Omits   strict co-scheduling (all or none have CPUs).
// Source  VMware, Co-scheduling SMP VMs in VMware ESX Server (2008); The CPU Scheduler in VMware
//         vSphere 5.1 (2013).
// Checked tests/models/co_scheduling_test.cpp.
#pragma once

#include <deque>
#include <vector>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
struct Worker;

class CoScheduling {
 public:
  CoScheduling(RunningHost& host, sim::Duration skew);

  void waits(int vm);  // a vCPU of it wants a CPU and has none
  void begin_measuring();

 private:
  struct Member {
    int worker;
    double seen_s = 0.0;  // without a CPU, by the worker's books
    double lag_s = 0.0;
  };
  struct Gang {
    Gang(CoScheduling& owner, sim::Engine& engine, int vm);
    void on_check() { all.check(*this); }
    CoScheduling& all;
    std::vector<Member> members{};
    sim::Event due;
  };
  void check(Gang& gang);
  double slowest(Gang& gang);
  void stop(Worker& worker);
  void start(Worker& worker);

  RunningHost& host_;
  sim::Duration skew_;
  std::deque<Gang> gangs_;  // [vm]
};

}  // namespace models
