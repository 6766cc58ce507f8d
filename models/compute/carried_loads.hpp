// What controllers, links and buses have carried, and how far beyond what they can.
//
// Loads hold from one change to the next: call follow() before each. A load that no time passes
// under, as between two changes at one instant, counts for nothing.
// Checked tests/models/compute/carried_loads_test.cpp.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "sim/units.hpp"

namespace models::compute {

class CarriedLoads {
 public:
  // Beyond its capacity: a defect of whoever sets the loads.
  struct Overload {
    double excess = 0.0;  // share of the capacity
    int resource = -1;
  };

  explicit CarriedLoads(std::vector<double> capacity_Bps)
      : capacity_Bps_{std::move(capacity_Bps)}, carried_B_(capacity_Bps_.size(), 0.0) {}

  // The loads were these since the last call.
  void follow(sim::Instant now, const std::vector<double>& load_Bps) {
    if (now == since_) return;
    const double elapsed_s = sim::seconds(now - since_);
    since_ = now;
    for (std::size_t r = 0; r < carried_B_.size(); ++r) {
      carried_B_[r] += elapsed_s * load_Bps[r];
      if (load_Bps[r] > (1.0 + worst_.excess) * capacity_Bps_[r])
        worst_ = {load_Bps[r] / capacity_Bps_[r] - 1.0, static_cast<int>(r)};
    }
  }
  // Begins to count anew; the worst overload stays.
  void clear() { carried_B_.assign(carried_B_.size(), 0.0); }

  double carried_B(int resource) const { return carried_B_[static_cast<std::size_t>(resource)]; }
  const Overload& worst() const { return worst_; }

 private:
  std::vector<double> capacity_Bps_;  // [resource]
  std::vector<double> carried_B_;     // alike
  sim::Instant since_{};
  Overload worst_;
};

}  // namespace models::compute
