#include "sim/shared_processor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/capacity.hpp"
#include "sim/error.hpp"

namespace sim {

SharedProcessor::SharedProcessor(Engine& engine, double capacity)
    : engine_{engine},
      capacity_{capacity},
      advanced_{engine.now()},
      done_{Event::calling<&SharedProcessor::finish>(engine, *this)},
      population_{engine.now()} {
  check_capacity(capacity);
}

void SharedProcessor::set_capacity(double capacity) {
  check_capacity(capacity);
  advance();
  capacity_ = capacity;
  arm();
}

void SharedProcessor::enter(double work, double weight, std::coroutine_handle<> waiter) {
  if (!(weight > 0.0)) throw ModelError{fmt::format("weight {} of a job", weight)};
  advance();
  heap_.push_back({virtual_ + work / weight, sequence_++, weight, waiter});
  std::push_heap(heap_.begin(), heap_.end(), later);
  weights_ += weight;
  population_.change(engine_.now(), static_cast<double>(heap_.size()));
  arm();
}

void SharedProcessor::advance() {
  const Instant now = engine_.now();
  if (weights_ > 0.0) virtual_ += capacity_ / weights_ * seconds(now - advanced_);
  advanced_ = now;
}

void SharedProcessor::arm() {
  if (heap_.empty() || capacity_ == 0.0) {
    done_.cancel();
    return;
  }
  const double wait_s = std::max(0.0, (heap_.front().leaves - virtual_) * weights_ / capacity_);
  done_.after(picoseconds_ceil(wait_s * 1e12));
}

void SharedProcessor::finish() {
  advance();
  // The event is rounded up to a picosecond, V to a double: whoever is within that is done.
  const double rounding =
      capacity_ / weights_ * 2e-12 + 4.0 * std::numeric_limits<double>::epsilon() * virtual_;
  while (!heap_.empty() && heap_.front().leaves <= virtual_ + rounding) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    weights_ -= heap_.back().weight;
    leaving_.push_back(heap_.back().waiter);
    heap_.pop_back();
  }
  if (heap_.empty()) weights_ = virtual_ = 0.0;  // no drift from one busy period to the next
  population_.change(engine_.now(), static_cast<double>(heap_.size()));
  arm();
  std::vector<std::coroutine_handle<>> leaving;
  leaving.swap(leaving_);
  for (const std::coroutine_handle<> waiter : leaving) waiter.resume();
  leaving.clear();
  if (leaving_.empty()) leaving_.swap(leaving);  // keeps the memory
}

}  // namespace sim
