// A log-linear histogram: percentiles of any positive quantity in fixed memory.
//
// Buckets are 64 linear steps in each power of two from 2^-40 to 2^40 (of the unit recorded), so a
// percentile is within 1/64 = 1.6 % of the true order statistic, and never beyond the least and the
// greatest record; what lies below that range counts as 0, what lies above, in the last bucket.
// Checked tests/sim/histogram_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace sim {

class Histogram {
 public:
  void record(double value) {
    if (counts_.empty()) counts_.assign(kPowers * kSteps, 0);
    ++counts_[bucket(value)];
    ++total_;
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
  }
  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    total_ = 0;
    least_ = std::numeric_limits<double>::infinity();
    greatest_ = -least_;
  }
  void merge(const Histogram& other) {
    if (other.total_ == 0) return;
    if (counts_.empty()) counts_.assign(kPowers * kSteps, 0);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    least_ = std::min(least_, other.least_);
    greatest_ = std::max(greatest_, other.greatest_);
  }
  std::uint64_t count() const { return total_; }
  // The value below which a share `p` of the records lies; 0 when nothing was recorded.
  double percentile(double p) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen < std::max<std::uint64_t>(rank, 1)) continue;
      return std::clamp(i == 0 ? 0.0 : middle(i), least_, greatest_);
    }
    return 0.0;
  }

 private:
  static constexpr int kLowest = -40;
  static constexpr std::size_t kPowers = 80;
  static constexpr std::size_t kSteps = 64;
  static std::size_t bucket(double value) {
    if (!(value > 0)) return 0;
    int power = 0;
    const double mantissa = std::frexp(value, &power);  // 0.5 .. 1
    if (power < kLowest) return 0;
    if (power >= kLowest + static_cast<int>(kPowers)) return kPowers * kSteps - 1;
    const auto step = static_cast<std::size_t>((mantissa - 0.5) * 2 * kSteps);
    return static_cast<std::size_t>(power - kLowest) * kSteps + std::min(step, kSteps - 1);
  }
  static double middle(std::size_t i) {
    const double step = static_cast<double>(i % kSteps) + 0.5;
    return std::ldexp(0.5 + step / (2 * kSteps), static_cast<int>(i / kSteps) + kLowest);
  }
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
};

}  // namespace sim
