#include "sim/entitlement.hpp"

#include <algorithm>

namespace sim {

std::vector<double> entitlements(double capacity, const std::vector<Claim>& claims) {
  const auto given = [&](double level) {
    std::vector<double> all;
    for (const Claim& claim : claims)
      all.push_back(std::clamp(level * claim.shares, claim.reservation, claim.limit));
    return all;
  };
  // The sum rises with the level in straight pieces; where it bends, a claim meets a bound.
  std::vector<double> bends{0.0};
  for (const Claim& claim : claims) {
    bends.push_back(claim.reservation / claim.shares);
    if (claim.limit < std::numeric_limits<double>::infinity())
      bends.push_back(claim.limit / claim.shares);
  }
  std::sort(bends.begin(), bends.end());
  const auto sum_at = [&](double level) {
    double sum = 0.0;
    for (const double one : given(level)) sum += one;
    return sum;
  };
  double below = 0.0;
  for (const double bend : bends) {
    if (sum_at(bend) > capacity) break;
    below = bend;
  }
  // Between two bends those that are at no bound share what is left.
  double free_shares = 0.0;
  for (const Claim& claim : claims) {
    // Compared as the bends are formed, so that rounding puts none on the wrong side of its own.
    const bool rising = below >= claim.reservation / claim.shares;
    if (rising && below < claim.limit / claim.shares) free_shares += claim.shares;
  }
  if (free_shares > 0.0) below += std::max(0.0, capacity - sum_at(below)) / free_shares;
  return given(below);
}

}  // namespace sim
