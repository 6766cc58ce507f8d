// Where the vCPUs of one guest wait for each other: threads of one program that do their parts and
// spin until all are done.
//
// Part of the composition root (running_host.hpp).
// Checked tests/models/dirty_logs_test.cpp.
#pragma once

#include <coroutine>
#include <vector>

#include "models/results.hpp"
#include "sim/tally.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;

class Barriers {
 public:
  explicit Barriers(RunningHost& host) : host_{host} {}

  struct Meeting {
    Barriers& barriers;
    int worker;
    bool await_ready() { return barriers.arrive(worker); }
    void await_suspend(std::coroutine_handle<> waiter) { barriers.wait(worker, waiter); }
    void await_resume() const noexcept {}
  };
  Meeting meet(int worker) { return {*this, worker}; }
  bool waits(int worker) const;  // at a barrier, which has no end but the last one's coming
  void begin_measuring();
  void report(Results& results) const;

 private:
  struct Point {
    std::vector<int> waiting;  // workers
    sim::Instant last{};       // when they met
    sim::Tally rounds_s;       // since measuring began
  };
  bool arrive(int worker);
  void wait(int worker, std::coroutine_handle<> waiter);
  Point& point(int vm);

  RunningHost& host_;
  std::vector<Point> points_;  // [vm]
  std::vector<char> waits_;    // [worker]
};

}  // namespace models
