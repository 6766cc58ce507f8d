// A sum that grows at a known rate, integrated when the rate changes.
//
// Checked tests/models/compute/growing_sum_test.cpp.
#pragma once

#include "sim/units.hpp"

namespace models::compute {

class GrowingSum {
 public:
  double at(sim::Instant now) const { return amount_ + rate_ * sim::seconds(now - since_); }
  void change(double by, sim::Instant now) {
    amount_ = at(now);
    since_ = now;
    rate_ += by;
    if (rate_ < 0) rate_ = 0;  // rounding
  }

 private:
  double amount_ = 0.0, rate_ = 0.0;
  sim::Instant since_{};
};

}  // namespace models::compute
