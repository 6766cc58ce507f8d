// What controllers, links and buses carry now, what they have carried, and how far beyond what they
// can.
//
// A load holds from one change to the next. One that no time passes under, as between two changes
// at one instant, counts for nothing. Checked tests/models/compute/carried_loads_test.cpp.
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

  explicit CarriedLoads(const std::vector<double>& capacity_Bps) {
    for (const double capacity : capacity_Bps) resources_.push_back({.capacity_Bps = capacity});
  }

  int size() const { return static_cast<int>(resources_.size()); }
  double load_Bps(int resource) const { return resources_[index(resource)].load_Bps; }
  // Times must not fall.
  void add(int resource, double change_Bps, sim::Instant now) {
    Resource& at = resources_[index(resource)];
    follow(resource, now);
    at.load_Bps += change_Bps;
    if (std::exchange(at.changed, true)) return;
    changed_.push_back(resource);
  }
  // Resources to which something was added since the last forget_changes(), each once.
  const std::vector<int>& changed() const { return changed_; }
  void forget_changes() {
    for (const int resource : changed_) resources_[index(resource)].changed = false;
    changed_.clear();
  }

  // Counts what was carried up to `now`.
  void follow(sim::Instant now) {
    for (int resource = 0; resource < size(); ++resource) follow(resource, now);
  }
  // Begins to count anew; the worst overload stays.
  void clear() {
    for (Resource& resource : resources_) resource.carried_B = 0.0;
  }
  // As of the last follow() or change.
  double carried_B(int resource) const { return resources_[index(resource)].carried_B; }
  const Overload& worst() const { return worst_; }

 private:
  struct Resource {
    double capacity_Bps = 0.0;
    double load_Bps = 0.0;
    double carried_B = 0.0;
    sim::Instant since{};
    bool changed = false;
  };
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  void follow(int resource, sim::Instant now) {
    Resource& at = resources_[index(resource)];
    if (now == at.since) return;
    at.carried_B += sim::seconds(now - at.since) * at.load_Bps;
    at.since = now;
    if (at.load_Bps > (1.0 + worst_.excess) * at.capacity_Bps)
      worst_ = {at.load_Bps / at.capacity_Bps - 1.0, resource};
  }

  std::vector<Resource> resources_;
  std::vector<int> changed_;
  Overload worst_;
};

}  // namespace models::compute
