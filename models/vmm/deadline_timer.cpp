#include "models/vmm/deadline_timer.hpp"

#include <algorithm>
#include <cmath>

#include "models/vmm/nesting.hpp"

namespace models::vmm {
namespace {

// lapic.c: LAPIC_TIMER_ADVANCE_NS_INIT, _NS_MAX, _ADJUST_STEP, _ADJUST_MIN, _ADJUST_MAX.
constexpr double kFirst_us = 1.0;
constexpr double kMost_us = 5.0;
constexpr double kStep = 8.0;
constexpr double kLeast = 100.0;  // cycles late or early that are followed
constexpr double kSpike = 10'000.0;

double count(sim::Cycles cycles) {
  return static_cast<double>(cycles.count());
}

}  // namespace

DeadlineTimer::DeadlineTimer(const ExitCosts& costs, const ExitHardware& hardware, sim::Hertz clock,
                             TimerTunables tunables)
    : arm_{count(costs.timer)},
      inject_{count(costs.inject)},
      per_us_{clock.count() / 1e6},
      adaptive_{tunables.advance} {
  const double around =
      count(costs.dispatch) + count(hardware.round_trip) + count(reflection(hardware, costs)) +
      (costs.fast_path ? -std::min(count(costs.fast_path_saves), count(costs.dispatch)) : 0.0);
  // What the fast path saves beyond finding the handler, it saves of the handler's work.
  if (costs.fast_path) arm_ -= std::max(0.0, count(costs.fast_path_saves) - count(costs.dispatch));
  way_in_ = around / 2.0;
  entry_ = count(hardware.round_trip) / 2.0 + count(costs.mitigations);
  way_out_ = around - way_in_ + count(costs.mitigations);
  advance_ = adaptive_ ? kFirst_us * per_us_ : 0.0;
}

sim::Cycles DeadlineTimer::fire(sim::Cycles ahead) {
  const double deadline = count(ahead);
  double now = way_in_ + arm_;
  exits_ = 1;
  if (now < deadline - advance_) {
    // The count is taken from the time before the entry, and begins with the guest.
    const double read = now + way_out_ - entry_;
    now = std::max(read, deadline - advance_) + entry_ + way_in_;
    exits_ = 2;
  }
  now += way_out_ - entry_;  // at the last step before the entry
  const double late = now - deadline;
  if (adaptive_) {
    now = std::max(now, std::min(deadline, now + advance_));
    adjust(late);
  }
  return sim::Cycles{std::llround(now + entry_ + inject_)};
}

void DeadlineTimer::adjust(double late) {
  if (std::abs(late) > kSpike || std::abs(late) < kLeast) return;
  advance_ = std::max(0.0, advance_ + late / kStep);
  if (advance_ > kMost_us * per_us_) advance_ = kFirst_us * per_us_;
}

sim::Cycles DeadlineTimer::advance() const {
  return sim::Cycles{std::llround(advance_)};
}

}  // namespace models::vmm
