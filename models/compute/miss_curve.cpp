#include <fmt/format.h>

#include <algorithm>

#include "models/compute/profile.hpp"
#include "sim/error.hpp"

namespace models::compute {

MissCurve::MissCurve(std::vector<MissPoint> points) : points_{std::move(points)} {
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const MissPoint& point = points_[i];
    if (!(point.miss_ratio >= 0.0 && point.miss_ratio <= 1.0)) {
      throw sim::ConfigError{
          fmt::format("miss_curve: ratio {} of point {}, need 0 to 1", point.miss_ratio, i + 1)};
    }
    if (i == 0) continue;
    if (point.space <= points_[i - 1].space || point.miss_ratio > points_[i - 1].miss_ratio) {
      throw sim::ConfigError{
          fmt::format("miss_curve: point {}, need rising spaces and falling ratios", i + 1)};
    }
  }
}

double MissCurve::operator()(double space_B) const {
  if (points_.empty()) return 0.0;
  const auto above = std::find_if(points_.begin(), points_.end(), [&](const MissPoint& p) {
    return static_cast<double>(p.space.count()) >= space_B;
  });
  if (above == points_.begin()) return above->miss_ratio;
  if (above == points_.end()) return points_.back().miss_ratio;
  const auto below = above - 1;
  const double from_B = static_cast<double>(below->space.count());
  const double to_B = static_cast<double>(above->space.count());
  return below->miss_ratio +
         (above->miss_ratio - below->miss_ratio) * (space_B - from_B) / (to_B - from_B);
}

}  // namespace models::compute
