// Running figures of a series of observations, and of a quantity that changes over time.
//
// Tally: mean and variance by Welford's recurrence, m += (x - m) / n, s += (x - m_old)(x - m),
// which loses no digits when the mean is large beside the spread. Checked tests/sim/tally_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "sim/units.hpp"

namespace sim {

class Tally {
 public:
  void record(double value) {
    ++count_;
    const double difference = value - mean_;
    mean_ += difference / static_cast<double>(count_);
    squares_ += difference * (value - mean_);
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
  }
  void clear() { *this = {}; }
  // As if all records of the other had come here, too (Chan et al. 1979).
  void merge(const Tally& other) {
    if (other.count_ == 0) return;
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(other.count_);
    const double difference = other.mean_ - mean_;
    mean_ += difference * m / (n + m);
    squares_ += other.squares_ + difference * difference * n * m / (n + m);
    count_ += other.count_;
    least_ = std::min(least_, other.least_);
    greatest_ = std::max(greatest_, other.greatest_);
  }

  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }  // 0 of nothing
  double variance() const {              // of a sample; 0 below two records
    return count_ < 2 ? 0.0 : squares_ / static_cast<double>(count_ - 1);
  }
  double deviation() const { return std::sqrt(variance()); }
  double least() const { return least_; }        // infinity of nothing
  double greatest() const { return greatest_; }  // -infinity of nothing

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
};

// The average over time of a quantity that is constant between changes, such as a queue's length.
class TimeWeighted {
 public:
  explicit TimeWeighted(Instant start = {}, double value = 0.0)
      : from_{start}, since_{start}, value_{value} {}

  void change(Instant now, double value) {
    advance(now);
    value_ = value;
  }
  void add(Instant now, double step) { change(now, value_ + step); }
  // Forgets what was, for instance a warm-up; the quantity keeps its value.
  void restart(Instant now) {
    advance(now);
    from_ = now;
    integral_ = 0.0;
  }

  double value() const { return value_; }
  double average(Instant now) const {
    const double total = integral_ + value_ * seconds(now - since_);
    return now > from_ ? total / seconds(now - from_) : value_;
  }

 private:
  void advance(Instant now) {
    integral_ += value_ * seconds(now - since_);
    since_ = now;
  }
  Instant from_;
  Instant since_;
  double value_;
  double integral_ = 0.0;  // unit of the value x s
};

}  // namespace sim
