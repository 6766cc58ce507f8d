// numad at work on running VMs: what each used since the last round, whom the daemon binds, and
// the memory that it moves.
//
// Part of the composition root (running_host.hpp). The daemon's own time is that of its calls of
// migrate_pages, on whatever CPU the scheduler gives it.
// Omits   that the VM's threads wait for pages under way; CPU use of the daemon's looks.
// Checked tests/models/numa_balancing_test.cpp.
#pragma once

#include <vector>

#include "models/memory/numad.hpp"
#include "models/results.hpp"
#include "sim/process.hpp"

namespace models {

class RunningHost;
struct RunLength;

class NumaDaemon {
 public:
  explicit NumaDaemon(RunningHost& host);
  void start();
  bool runs() const { return worker_ >= 0; }
  void begin_measuring();
  void report(const RunLength& length, Results& results);

  sim::Engine& engine();

 private:
  sim::Process manage();
  void sample(double over_s);
  void bind(const memory::NumadBinding& binding);
  double misplaced_B(const memory::NumadBinding& binding) const;
  void move_memory(const memory::NumadBinding& binding);

  RunningHost& host_;
  int worker_ = -1;                              // -1: it does not run
  std::vector<memory::NumadProcess> processes_;  // [vm]
  std::vector<memory::NumadNode> nodes_;
  std::vector<double> busy_s_;   // [vm] at the last round, since progress was reset
  std::vector<double> moved_B_;  // [vm] since measuring began
};

}  // namespace models
