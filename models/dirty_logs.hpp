// The dirty logs of a host's VMs: what each vCPU pays while its VM's memory is logged, and how many
// pages a reading finds.
//
// Part of the composition root (running_host.hpp). Visits by the instruction (WriteProfile) are
// paid for at a pace, brought up to date every few milliseconds; what the content profile writes
// as time passes is owed afterwards.
// Checked tests/models/dirty_logs_test.cpp.
#pragma once

#include <memory>
#include <vector>

#include "models/memory/dirty_log.hpp"
#include "models/results.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
struct HostDescription;
struct VmDescription;
struct RunLength;

class DirtyLogs {
 public:
  explicit DirtyLogs(RunningHost& host);
  ~DirtyLogs();

  void start();          // VMs that the scenario logs
  void begin(int vm);    // switches the log of a VM on; all its pages are clean
  double take(int vm);   // pages written since, all clean again
  double dirty(int vm);  // without clearing
  // Of what is dirty, the share that another time as long would dirty, too.
  double again(int vm);
  void end(int vm);
  // Distinct pages that a VM writes in a second at its present pace, all of them clean before.
  double rate(int vm);
  void met(int vm);  // its vCPUs have met at a barrier
  void begin_measuring();
  void report(const RunLength& length, Results& results);

  sim::Engine& engine();

 private:
  struct Log;
  sim::Process follow(int vm, int turn);
  sim::Process read_regularly(int vm);
  Log make(int vm) const;
  void book(Log& log, int vm);
  void charge(Log& log, int vm);
  double event_cycles(const Log& log, int vm, const memory::WriteToll& toll, double visits_per_s);
  double alone_cycles(int vm) const;
  double transfer_s(int vm, int& running) const;

  RunningHost& host_;
  std::vector<std::unique_ptr<Log>> logs_;  // [vm]
};

}  // namespace models
