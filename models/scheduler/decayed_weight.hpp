// A weight averaged over time as PELT does it: half of what is past counts after each half-life.
//
// What sums of weights tend to is the sum of what each tends to: the average of a group is kept as
// one number, however many threads it has.
//
// Source  semantics.md 1.4 (kernel/sched/pelt.c): y^32 = 1/2, one period is about a millisecond.
// Checked tests/models/scheduler/decayed_weight_test.cpp.
#pragma once

#include <cmath>
#include <numbers>

#include "sim/units.hpp"

namespace models::scheduler {

class DecayedWeight {
 public:
  static constexpr sim::Duration kHalfLife{32'000'000'000};

  // What is left of a past now. Averages that change together were mostly brought up to date
  // together before: the last answer is kept.
  class Kept {
   public:
    explicit Kept(sim::Instant now) : now_{now}, since_{now} {}
    sim::Instant now() const { return now_; }
    double of(sim::Instant past) {
      if (past != since_) {
        since_ = past;
        left_ = after(now_ - past);
      }
      return left_;
    }

   private:
    // Averages are brought up to date several times in a wake-up, mostly after microseconds, where
    // the series is exact to 1e-11.
    static double after(sim::Duration elapsed) {
      constexpr double kShort = 0.1;
      const double lives =
          static_cast<double>(elapsed.count()) / static_cast<double>(kHalfLife.count());
      const double x = lives * std::numbers::ln2;
      if (x > kShort) return std::exp2(-lives);
      const double tail = x * (1.0 / 24.0 - x * (1.0 / 120.0 - x * (1.0 / 720.0)));
      return 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0 - tail)));
    }
    sim::Instant now_, since_;
    double left_ = 1.0;
  };

  // Up to date after settle().
  double value() const { return value_; }
  void settle(Kept& kept) {
    if (since_ == kept.now()) return;
    value_ = present_ + (value_ - present_) * kept.of(since_);
    since_ = kept.now();
  }
  // From now on there is so much more.
  void add(double weight, Kept& kept) {
    settle(kept);
    present_ += weight;
  }
  // A part of this one, settled, becomes a part of another one.
  void give(const DecayedWeight& part, DecayedWeight& to, Kept& kept) {
    settle(kept);
    to.settle(kept);
    to.value_ += part.value_;
    to.present_ += part.present_;
    value_ -= part.value_;
    present_ -= part.present_;
  }

 private:
  double value_ = 0.0;
  double present_ = 0.0;
  sim::Instant since_{};
};

}  // namespace models::scheduler
