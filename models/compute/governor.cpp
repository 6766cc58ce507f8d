#include "models/compute/governor.hpp"

#include <algorithm>
#include <cmath>

#include "sim/error.hpp"

namespace models::compute {
namespace {

// INTEL_PSTATE_SAMPLING_INTERVAL; LATENCY_MULTIPLIER x 10 us, acpi-cpufreq's transition latency.
constexpr sim::Duration kInterval{10'000'000'000};    // 10 ms
constexpr sim::Duration kHwpInterval{1'000'000'000};  // 1 ms: so finely is its ramp followed
constexpr double kHwpRange_s = 35e-3;  // from the lowest clock to the highest [recall]
constexpr double kHeadroom = 1.25;     // target += target >> 2; map_util_freq
constexpr double kUpThreshold = 0.95;  // MICRO_FREQUENCY_UP_THRESHOLD
constexpr double kHalfLife_s = 32e-3;  // PELT

}  // namespace

sim::Duration CoreGovernor::interval() const {
  return kind_ == topology::Governor::hwp ? kHwpInterval : kInterval;
}

void CoreGovernor::account(sim::Instant now) {
  const double s = sim::seconds(now - since_);
  since_ = now;
  const double kept = std::exp2(-s / kHalfLife_s);
  utilisation_ = utilisation_ * kept + (awake_ ? 1.0 - kept : 0.0);
  if (awake_) busy_s_ += s;
  if (kind_ != topology::Governor::hwp) return;
  const double moved_Hz = (highest_Hz_ - lowest_Hz_) * s / kHwpRange_s;
  clock_Hz_ = std::clamp(clock_Hz_ + (awake_ ? moved_Hz : -moved_Hz), lowest_Hz_, highest_Hz_);
}

double CoreGovernor::target_Hz(double busy, double elapsed_s) {
  switch (kind_) {
    case topology::Governor::performance:
      return highest_Hz_;
    case topology::Governor::hwp:
      return clock_Hz_;
    case topology::Governor::schedutil:
      return kHeadroom * highest_Hz_ * utilisation_;
    case topology::Governor::ondemand: {
      const bool slept = elapsed_s > 2.0 * sim::seconds(kInterval) && previous_load_ > 0;
      const double load = slept ? previous_load_ : busy;
      previous_load_ = slept ? 0.0 : busy;
      return load > kUpThreshold ? highest_Hz_ : lowest_Hz_ + load * (highest_Hz_ - lowest_Hz_);
    }
    case topology::Governor::intel_pstate: {
      const double target = std::clamp(kHeadroom * highest_Hz_ * busy, lowest_Hz_, highest_Hz_);
      return target + std::max(0.0, clock_Hz_ - target) / 2.0;
    }
  }
  throw sim::ModelError{"unknown frequency governor"};
}

void CoreGovernor::sample(sim::Instant now) {
  account(now);
  const double elapsed_s = sim::seconds(now - sampled_);
  if (elapsed_s <= 0) return;
  clock_Hz_ = std::clamp(target_Hz(busy_s_ / elapsed_s, elapsed_s), lowest_Hz_, highest_Hz_);
  sampled_ = now;
  busy_s_ = 0.0;
}

void CoreGovernor::wake(sim::Instant now) {
  account(now);
  if (now - sampled_ >= interval()) sample(now);
  awake_ = true;
}

void CoreGovernor::sleep(sim::Instant now) {
  account(now);
  awake_ = false;
}

}  // namespace models::compute
