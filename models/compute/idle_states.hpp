// What a core's sleep costs whoever wakes it: the state that the governor chose, and the time to
// leave it.
//
// Models  Linux's menu governor: the expected idle time is what the last eight were, when those
//         agree once outliers are left out, else their mean, for want of the next timer; the
//         deepest state whose residency fits is entered. A core sleeps no deeper than its busiest
//         thread lets it.
// Omits   the time to enter a state; package states; the effect on turbo; the ladder governor.
// Source  Linux drivers/cpuidle/governors/menu.c (get_typical_interval) [recall]; exit latencies
//         are the kernel's tables (drivers/idle/intel_idle.c), which state the worst case; what was
//         measured of a CPU may be stated beside.
// Checked tests/models/compute/idle_states_test.cpp.
#pragma once

#include <array>
#include <vector>

#include "models/topology/description.hpp"
#include "sim/units.hpp"

namespace models::compute {

class IdleGovernor {
 public:
  // `states` shallow first; must outlive the governor.
  explicit IdleGovernor(const std::vector<topology::IdleState>& states) : states_{&states} {}

  void enter();
  // The CPU was idle for `time`; what leaving costs. `shared`: a sibling thread kept the core
  // awake.
  sim::Duration leave(sim::Duration time, bool shared);

 private:
  static constexpr int kIntervals = 8;
  sim::Duration expected() const;

  const std::vector<topology::IdleState>* states_;
  std::array<double, kIntervals> intervals_s_{};
  int known_ = 0;
  int next_ = 0;
  int state_ = -1;  // entered; -1: none, polling
};

}  // namespace models::compute
