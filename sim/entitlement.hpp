// What each VM is entitled to of a contended resource: reservations first, the rest by shares, none
// above its limit.
//
//   e[i] = clamp(t x shares[i], reservation[i], limit[i])   with t such that sum e = capacity
//
// Source  VMware's resource allocation (shares, reservation, limit); the seeds' examples: 24 GHz by
//         1:2:3 is 4/8/12, with 8 GHz reserved for the first 8/6.4/9.6.
// Checked tests/sim/entitlement_test.cpp; validation: qos.cpu.*.
#pragma once

#include <limits>
#include <vector>

namespace sim {

struct Claim {
  double shares = 1.0;       // > 0
  double reservation = 0.0;  // unit of the capacity
  double limit = std::numeric_limits<double>::infinity();
};

// Sums to the capacity, or to the limits where these are less. Expects reservations that fit, each
// at most its limit.
std::vector<double> entitlements(double capacity, const std::vector<Claim>& claims);

}  // namespace sim
