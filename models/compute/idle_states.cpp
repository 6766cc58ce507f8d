#include "models/compute/idle_states.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace models::compute {
namespace {

constexpr double kSmallSpread_s = 20e-6;  // intervals that differ by less agree
constexpr double kAgree = 6.0;            // or whose mean is more than so many deviations
constexpr int kLeast = 6;                 // of eight intervals, once outliers are left out

}  // namespace

sim::Duration IdleGovernor::expected() const {
  if (known_ == 0) return sim::Duration::max();
  double most_s = std::numeric_limits<double>::infinity();
  for (int left = known_; left >= std::min(kLeast, known_);) {
    double sum = 0, squares = 0, largest = 0;
    int n = 0;
    for (int i = 0; i < known_; ++i) {
      const double interval_s = intervals_s_[static_cast<std::size_t>(i)];
      if (interval_s >= most_s) continue;
      ++n;
      sum += interval_s;
      squares += interval_s * interval_s;
      largest = std::max(largest, interval_s);
    }
    if (n < std::min(kLeast, known_)) break;
    const double mean = sum / n;
    const double deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
    if (deviation <= kSmallSpread_s || mean > kAgree * deviation) return sim::from_seconds(mean);
    most_s = largest;
    left = n - 1;
  }
  double sum = 0;
  for (int i = 0; i < known_; ++i) sum += intervals_s_[static_cast<std::size_t>(i)];
  return sim::from_seconds(sum / known_);
}

void IdleGovernor::enter() {
  if (states_->empty()) return;
  const sim::Duration time = expected();
  state_ = -1;
  for (const topology::IdleState& state : *states_) {
    if (state.residency <= time) ++state_;
  }
}

sim::Duration IdleGovernor::leave(sim::Duration time, bool shared) {
  if (states_->empty()) return sim::Duration::zero();
  intervals_s_[static_cast<std::size_t>(next_)] = sim::seconds(time);
  next_ = (next_ + 1) % kIntervals;
  known_ = std::min(known_ + 1, kIntervals);
  const int state = shared ? std::min(state_, 0) : state_;
  return state < 0 ? sim::Duration::zero() : (*states_)[static_cast<std::size_t>(state)].wakes_in();
}

}  // namespace models::compute
