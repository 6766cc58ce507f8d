// A host whose memory may run short: reclaim, balloons and the page scanner as time passes, vCPUs
// that use pages which are not there, and guests that are killed.
//
// Part of the composition root (running_host.hpp); what is done to whose pages is
// memory/host_memory.hpp's.
// Models  a look at the host's memory each 100 ms; ksmd and ksmtuned; waits for swapped pages and
//         asynchronous page faults; what guests' age has done before the run.
// Omits   a disk of the scenario under the host's swap: it has a latency and a width of its own.
// Checked tests/models/memory_pressure_test.cpp, page_faults_test.cpp.
#pragma once

#include <coroutine>
#include <string>
#include <vector>

#include "models/memory/host_memory.hpp"
#include "models/results.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/server.hpp"

namespace models {

class RunningHost;
struct RunLength;
struct RunningVm;
struct Worker;

class MemoryPressure {
 public:
  // Of a host whose VMs are there; tells each its place in memory().
  explicit MemoryPressure(RunningHost& host);
  // Once guests' memory lies where it does.
  void start();
  const memory::HostMemory& memory() const { return memory_; }
  // Accesses by node: merged pages lie where the first of them lay.
  std::vector<double> accesses(const RunningVm& vm) const;
  void report(const RunLength& length, Results& results) const;

  // Instructions up to the vCPU's next access to a page that is not there, or to another question;
  // notes in the worker which of these it is.
  double until_fault(Worker& worker, sim::Random& random) const;
  // A task of the vCPU waits for a page. True: the vCPU has to, and does so by awaiting page().
  bool await_page(int worker, sim::Random& random);
  struct PageReady {
    MemoryPressure& pressure;
    int worker;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  PageReady page(int worker) { return {*this, worker}; }

  sim::Engine& engine();

 private:
  sim::Process merge(), tune_merging();  // ksmd, ksmtuned
  sim::Process watch();
  sim::Process bring_in(int worker);
  void age();
  void settle();
  void follow_merging(RunningVm& vm);
  void kill(int vm, const std::string& reason);

  RunningHost& host_;
  memory::HostMemory memory_;
  sim::Server swap_;
  int ksmd_ = -1;  // worker; -1: nothing is merged
  std::vector<std::string> notes_;
};

}  // namespace models
