// How a stream behaves: how soon it comes back after a completion, and whether it jumps.
//
// Think time is a mean with weight 7/8 for what was, as in cfq's cfq_ttime; seeks are the last 32
// as bits, and a stream of which more than four jumped is seeky (CFQQ_SEEKY).
// Source  block/cfq-iosched.c, block/as-iosched.c, block/bfq-iosched.c.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "sim/units.hpp"

namespace models::storage::queue {

class Habits {
 public:
  void arrived(sim::Instant now, sim::Bytes offset, sim::Bytes end, sim::Duration most) {
    if (done_ != sim::kNever) {
      const double waited = std::min(sim::seconds(now - done_), sim::seconds(most));
      samples_ = samples_ * kOld + (1 - kOld);
      total_s_ = total_s_ * kOld + waited * (1 - kOld);
      done_ = sim::kNever;  // one wait, however many requests end it
    }
    const sim::Bytes jump = offset > position_ ? offset - position_ : position_ - offset;
    jumps_ = (jumps_ << 1) | (begun_ && jump > kFar ? 1U : 0U);
    begun_ = true;
    position_ = end;
  }
  void completed(sim::Instant now) { done_ = now; }

  bool seeky() const { return std::popcount(jumps_) > 4; }
  // Not refuted while little is known (sample_valid: more than 80 of 256).
  bool comes_back_within(sim::Duration time) const {
    return samples_ < 80.0 / 256 || total_s_ / samples_ <= sim::seconds(time);
  }

 private:
  static constexpr double kOld = 7.0 / 8;
  static constexpr sim::Bytes kFar{800 * 512};  // 800 sectors
  sim::Instant done_ = sim::kNever;
  double samples_ = 0.0;
  double total_s_ = 0.0;
  sim::Bytes position_{};
  std::uint32_t jumps_ = 0;
  bool begun_ = false;
};

}  // namespace models::storage::queue
