#include "models/guest/progress.hpp"

#include <algorithm>
#include <cmath>

namespace models::guest {
namespace {

constexpr std::size_t at(Cause cause) {
  return static_cast<std::size_t>(cause);
}

}  // namespace

double busy_s(const Causes& causes) {
  double all_s = 0.0;
  for (const double s : causes) all_s += s;
  for (const Cause without :
       {Cause::idle, Cause::steal, Cause::co_stop, Cause::swap_in, Cause::storage})
    all_s -= causes[at(without)];
  return all_s;
}

void Progress::book(sim::Instant now) {
  double elapsed_s = sim::seconds(now - booked_);
  booked_ = now;
  switch (state_) {
    case State::halted:
      seconds_[at(awaits_io_ ? Cause::storage : Cause::idle)] += elapsed_s;
      return;
    case State::stalled:
      seconds_[at(Cause::swap_in)] += elapsed_s;
      return;
    case State::runnable:
      seconds_[at(Cause::steal)] += elapsed_s;
      return;
    case State::stopped:
      seconds_[at(Cause::co_stop)] += elapsed_s;
      return;
    case State::polling:
    case State::running:
      break;
  }
  if (owes_) elapsed_s = pay(elapsed_s);
  if (state_ == State::polling) {
    seconds_[at(Cause::halt_polling)] += elapsed_s;
    return;
  }
  if (elapsed_s <= 0 || time_.total_s <= 0) return;
  if (spread_over_ > 0 && !waits_) elapsed_s = execute_cold(elapsed_s);
  // An end that rounding puts a picosecond late is not counted as more work.
  const double executed = std::min(elapsed_s / time_.total_s, left_);
  left_ -= executed;
  if (counts_) executed_ += executed;
  at_pace_s_ += elapsed_s;
}

double Progress::execute_cold(double elapsed_s) {
  const double more_s = spread_s_ / spread_over_;
  const double executed = std::min({elapsed_s / (time_.total_s + more_s), left_, spread_over_});
  left_ -= executed;
  if (counts_) executed_ += executed;
  at_pace_s_ += executed * time_.total_s;
  seconds_[at(Cause::cold_caches)] += executed * more_s;
  spread_s_ -= executed * more_s;
  spread_over_ -= executed;
  if (spread_over_ <= kNothing) spread_s_ = spread_over_ = 0.0;
  return std::max(0.0, elapsed_s - executed * (time_.total_s + more_s));
}

double Progress::pay(double elapsed_s) {
  const auto pay = [&](double& owed_s, Cause cause) {
    const double paid_s = std::min(elapsed_s, owed_s);
    owed_s -= paid_s;
    elapsed_s -= paid_s;
    seconds_[at(cause)] += paid_s;
  };
  pay(switch_s_, Cause::scheduler);
  if (!waits_) pay(refill_s_, Cause::cold_caches);
  pay(ticks_s_, Cause::ticks);
  pay(faults_s_, Cause::page_faults);
  pay(balancing_s_, Cause::numa_balancing);
  pay(exits_s_, Cause::exits);
  pay(lines_s_, Cause::spinning);
  owes_ = elapsed_s <= 0 || waits_;
  return elapsed_s;
}

void Progress::attribute() const {
  if (at_pace_s_ <= 0.0) return;
  const double scale = at_pace_s_ / time_.total_s;
  for (std::size_t i = 0; i < kPaceCauses.size(); ++i) paced_s_[i] += scale * time_.by_cause[i];
  at_pace_s_ = 0.0;
}

Causes Progress::seconds() const {
  attribute();
  Causes all = seconds_;
  for (std::size_t i = 0; i < kPaceCauses.size(); ++i) all[at(kPaceCauses[i])] += paced_s_[i];
  return all;
}

double Progress::owed_s() const {
  const double refill_s = waits_ ? 0.0 : refill_s_;
  return switch_s_ + refill_s + ticks_s_ + faults_s_ + balancing_s_ + exits_s_ + lines_s_;
}

sim::Duration Progress::owed() const {
  return sim::picoseconds_ceil(owed_s() * 1e12);
}

sim::Duration Progress::remaining() const {
  if (std::isinf(left_)) return sim::Duration::max();
  double all_s = owed_s() + left_ * time_.total_s;
  if (spread_over_ > 0 && !waits_) all_s += spread_s_ * std::min(1.0, left_ / spread_over_);
  return sim::picoseconds_ceil(all_s * 1e12);
}

}  // namespace models::guest
