// The host kernel's NUMA balancing at work on running VMs: what each has touched since the last
// look, what its vCPUs pay for scans, faults and copies, and the threads that move.
//
// Part of the composition root (running_host.hpp). A VM is looked at when a scan is due, and at
// least every quarter of a second while scanned pages wait to be used; what it did meanwhile is
// settled as a sum.
// Omits   that a vCPU pays for its faults when they happen, not a look later.
// Checked tests/models/numa_balancing_test.cpp.
#pragma once

#include <memory>
#include <vector>

#include "models/memory/numa_space.hpp"
#include "models/results.hpp"
#include "models/scheduler/scheduler.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
struct RunningVm;
struct RunLength;
struct Worker;

class NumaBalancing final : public scheduler::Localities {
 public:
  explicit NumaBalancing(RunningHost& host);
  ~NumaBalancing() override;

  void start();
  bool balances(const RunningVm& vm) const;
  void moved(int worker, scheduler::CpuId from, scheduler::CpuId to);
  void begin_measuring();
  void report(const RunLength& length, Results& results);

  sim::Engine& engine();

  int group(scheduler::ThreadId thread) const override;
  double weight(scheduler::ThreadId thread, int node) const override;
  double group_weight(scheduler::ThreadId thread, int node) const override;

 private:
  struct Space;
  struct Place {  // of a vCPU
    int vm = -1;
    int index = 0;
  };
  sim::Process balance(int vm);
  void look(Space& space);
  void sample(Space& space);
  void scan(Space& space);
  void follow(Space& space, const std::vector<memory::NumaSpace::Toll>& tolls);
  double make_room(Space& space, int from, int to, double pages);
  void charge(Space& space, int index, double cycles);
  void load(Space& space, double over_s);
  double local(const Space& space) const;
  const Place* place_of(scheduler::ThreadId thread) const;

  RunningHost& host_;
  std::vector<std::unique_ptr<Space>> spaces_;  // [vm], null: not balanced
  std::vector<Place> places_;                   // [worker]
  std::vector<double> room_B_;                  // [node] that may still be copied there
  sim::Instant refilled_{};
};

}  // namespace models
