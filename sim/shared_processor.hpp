// Processor sharing: all jobs progress at once, each by its weight's share of the capacity.
//
// A virtual clock V runs at capacity / (sum of weights): the service that a job of weight 1 has
// had. A job of work w and weight g that comes at V leaves at V + w / g, whatever else comes and
// goes, so jobs stand in one heap by that figure and a change costs O(log n), not O(n).
//
//   co_await link.share(work);          // weight 1
//   co_await link.share(work, 3.0);
//
// Work is in any unit; capacity is that unit a second.
// Checked tests/sim/shared_processor_test.cpp, tests/sim/theory (M/G/1-PS, weighted shares).
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/tally.hpp"

namespace sim {

class SharedProcessor {
 public:
  class Share;

  // Throws ConfigError when capacity is negative or not finite; at 0 nothing progresses.
  SharedProcessor(Engine& engine, double capacity);
  SharedProcessor(const SharedProcessor&) = delete;
  SharedProcessor& operator=(const SharedProcessor&) = delete;

  // Done when `work` is; work <= 0 at once. Requires weight > 0.
  Share share(double work, double weight = 1.0);
  void set_capacity(double capacity);

  Engine& engine() { return engine_; }
  double capacity() const { return capacity_; }
  std::size_t jobs() const { return heap_.size(); }
  const TimeWeighted& population() const { return population_; }
  void restart_stats() { population_.restart(engine_.now()); }

 private:
  struct Job {
    double leaves;           // at this V
    std::uint64_t sequence;  // who came first leaves first
    double weight;
    std::coroutine_handle<> waiter;
  };
  static bool later(const Job& a, const Job& b) {
    return a.leaves != b.leaves ? a.leaves > b.leaves : a.sequence > b.sequence;
  }
  void enter(double work, double weight, std::coroutine_handle<> waiter);
  void advance();
  void arm();
  void finish();

  Engine& engine_;
  double capacity_;
  double virtual_ = 0.0;
  double weights_ = 0.0;  // of all jobs
  Instant advanced_;
  std::uint64_t sequence_ = 0;
  std::vector<Job> heap_;
  std::vector<std::coroutine_handle<>> leaving_;
  Event done_;
  TimeWeighted population_;
};

class SharedProcessor::Share {
 public:
  Share(SharedProcessor& processor, double work, double weight)
      : processor_{processor}, work_{work}, weight_{weight} {}
  bool await_ready() const noexcept { return work_ <= 0.0; }
  void await_suspend(std::coroutine_handle<> waiter) { processor_.enter(work_, weight_, waiter); }
  void await_resume() const noexcept {}

 private:
  SharedProcessor& processor_;
  double work_;
  double weight_;
};

inline SharedProcessor::Share SharedProcessor::share(double work, double weight) {
  return Share{*this, work, weight};
}

}  // namespace sim
