// Grace periods of the host's RCU: whoever waits for one returns when the next whole one is over.
//
// Models  one at a time; one begins when it is asked for, or when the last ends and somebody has
//         asked meanwhile, who share it; it ends with the second tick after its beginning, when
//         idle CPUs have been looked at (jiffies_till_first_fqs = 1 to 250 Hz), and its callbacks
//         run with the tick after that.
// Omits   CPUs that stay in the kernel, expedited ones.
// Source  Linux 4.15 kernel/rcu/tree.c: rcu_gp_kthread, rcu_process_callbacks.
// Checked tests/models/vmm/grace_periods_test.cpp.
#pragma once

#include "sim/units.hpp"

namespace models::vmm {

class GracePeriods {
 public:
  explicit GracePeriods(int tick_hz)
      : tick_{sim::Duration{1'000'000'000'000 / (tick_hz > 0 ? tick_hz : 250)}} {}

  // When one that is asked for now is over.
  sim::Instant after(sim::Instant now) {
    if (now >= last_end_) {
      begin(now);
    } else if (now > last_begin_) {
      begin(last_end_);  // the one under way began before
    }
    return last_end_ + tick_;
  }

 private:
  void begin(sim::Instant at) {
    const auto since = at.time_since_epoch().count();
    const auto tick = tick_.count();
    last_begin_ = at;
    last_end_ = sim::Instant{sim::Duration{(since / tick + 2) * tick}};
  }
  sim::Duration tick_;
  sim::Instant last_begin_{};  // of the last one asked for
  sim::Instant last_end_{};
};

}  // namespace models::vmm
