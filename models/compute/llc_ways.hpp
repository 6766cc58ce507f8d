// Ways of a last-level cache that are divided among threads (Intel CAT, AMD QoS): regions of ways
// into which the same profiles put lines, and what comes into each.
//
// A profile's lines lie evenly over its ways, and so do those that it brings in.
//
// Source  Intel SDM 17.19 (Cache Allocation Technology).
// Checked tests/models/compute/llc_ways_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "models/compute/growing_sum.hpp"
#include "sim/units.hpp"

namespace models::compute {

struct WayRegion {
  double size_B = 0.0;
  std::vector<std::size_t> profiles;
};

// Of a cache of so many ways; `ways` [profile]: those that its lines may be put into, none or no
// entry: all.
std::vector<WayRegion> way_regions(const std::vector<std::vector<int>>& ways, std::size_t profiles,
                                   int llc_ways, double llc_B);

// Lines brought into each LLC since the start.
class LlcInsertions {
 public:
  // What of a profile's lines falls on a region.
  struct Part {
    std::size_t region;
    double share;
    double size_B;  // of the region
  };

  LlcInsertions(int llcs, int ways, double llc_B);

  // The next profile; all of them before any line comes.
  void add(std::vector<int> ways);
  const std::vector<Part>& parts(int profile) const {
    return parts_[static_cast<std::size_t>(profile)];
  }
  std::size_t regions() const { return regions_; }
  // Threads of the profile bring in so much more or less a second from now on.
  void change(int llc, int profile, double by_Bps, sim::Instant now) {
    for (const Part& part : parts(profile))
      clocks_[at(llc, part.region)].change(by_Bps * part.share, now);
  }
  double inserted_B(int llc, std::size_t region, sim::Instant now) const {
    return clocks_[at(llc, region)].at(now);
  }

 private:
  std::size_t at(int llc, std::size_t region) const {
    return static_cast<std::size_t>(llc) * regions_ + region;
  }

  std::size_t llcs_;
  int llc_ways_;
  double llc_B_;
  std::vector<std::vector<int>> ways_;    // [profile]
  std::vector<std::vector<Part>> parts_;  // [profile]
  std::size_t regions_ = 0;
  std::vector<GrowingSum> clocks_;  // [llc * regions + region]
};

}  // namespace models::compute
