#include "models/guest/progress.hpp"

#include <algorithm>
#include <cmath>

namespace models::guest {
namespace {

constexpr std::size_t at(Cause cause) {
  return static_cast<std::size_t>(cause);
}

}  // namespace

void Progress::advance(sim::Instant now) {
  double elapsed_s = sim::seconds(now - booked_);
  booked_ = now;
  if (elapsed_s <= 0) return;
  if (state_ == State::halted) {
    seconds_[at(Cause::idle)] += elapsed_s;
    return;
  }
  if (state_ == State::runnable) {
    seconds_[at(Cause::steal)] += elapsed_s;
    return;
  }
  const double switching_s = std::min(elapsed_s, switch_s_);
  switch_s_ -= switching_s;
  elapsed_s -= switching_s;
  seconds_[at(Cause::scheduler)] += switching_s;
  const double refilling_s = std::min(elapsed_s, refill_s_);
  refill_s_ -= refilling_s;
  elapsed_s -= refilling_s;
  seconds_[at(Cause::cold_caches)] += refilling_s;
  if (elapsed_s <= 0 || time_.total_s <= 0) return;
  // An end that rounding puts a picosecond late is not counted as more work.
  const double executed = std::min(elapsed_s / time_.total_s, left_);
  left_ -= executed;
  executed_ += executed;
  const double scale = elapsed_s / time_.total_s;
  for (std::size_t cause = 0; cause < time_.by_cause.size(); ++cause) {
    seconds_[cause] += scale * time_.by_cause[cause];
  }
}

sim::Duration Progress::remaining() const {
  if (std::isinf(left_)) return sim::Duration::max();
  return sim::picoseconds_ceil((switch_s_ + refill_s_ + left_ * time_.total_s) * 1e12);
}

}  // namespace models::guest
