// How many threads of a kind an LLC's space is divided among: those that run, and those that left
// so lately that their lines are still there.
//
// Models  the mean of those that run over the last `kStay`, to the nearest whole one.
// Omits   that a line's stay hangs on who else brings lines in.
// Source  lines stay for the time in which the cache is filled anew: 30 to 50 MB at 5 to 20 GB/s
//         take 2 to 10 ms. A thread that loses its CPU to an emulator's for 10 us loses no space.
// Checked tests/models/compute/sharers_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "sim/units.hpp"

namespace models::compute {

class Sharers {
 public:
  static constexpr sim::Duration kStay{1'000'000'000};  // 1 ms: the lower end, to follow sooner

  // At the time of the next follow().
  void change(int by) { running_ += by; }
  int running() const { return running_; }
  int counted() const { return counted_; }
  // Nothing moves any more unless somebody comes or goes.
  bool settled() const { return counted_ == running_; }

  // No sooner will another number count, to a microsecond, unless somebody comes or goes: the mean
  // moves no faster than it did at the last follow().
  sim::Instant due() const {
    const double toward = was_ - mean_;
    if (settled() || toward == 0.0) return sim::kNever;
    const double gap = toward > 0 ? counted_ + kTurn - mean_ : mean_ - (counted_ - kTurn);
    return since_ +
           std::max(kStay / 1000, sim::from_seconds(gap / std::abs(toward) * sim::seconds(kStay)));
  }

  // Up to `now`; true when another number counts from here on. Requires a call at each change.
  bool follow(sim::Instant now) {
    const int before = counted_;
    if (now > since_) {
      const double kept = std::exp(-sim::seconds(now - since_) / sim::seconds(kStay));
      mean_ = was_ + (mean_ - was_) * kept;
    }
    // Who comes where nobody was, and all who come at that instant, find room at once.
    if (counted_ == 0 || came_ == now) {
      if (counted_ == 0) came_ = now;
      mean_ = counted_ = running_;
    } else if (std::abs(mean_ - counted_) > kTurn) {
      counted_ = std::max(static_cast<int>(std::lround(mean_)), running_ > 0 ? 1 : 0);
    }
    since_ = now;
    was_ = running_;
    return counted_ != before;
  }

 private:
  static constexpr double kTurn = 0.75;  // threads: more than a half, so that it does not flutter
  int running_ = 0;
  int was_ = 0;  // since `since_`
  int counted_ = 0;
  double mean_ = 0.0;
  sim::Instant since_{};
  sim::Instant came_{-sim::Duration{1}};  // the first where nobody was
};

}  // namespace models::compute
