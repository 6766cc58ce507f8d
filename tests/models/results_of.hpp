// What tests ask of a run's results.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

#include "models/results.hpp"

namespace tests {

// Fails the test that asks for a metric which is not there.
inline double metric(const models::Results& results, const std::string& name) {
  const auto found = std::find_if(results.metrics.begin(), results.metrics.end(),
                                  [&](const models::Metric& one) { return one.name == name; });
  INFO(name);
  REQUIRE(found != results.metrics.end());
  return found->value;
}

// Of all vCPUs' time.
inline double share(const models::Results& results, models::Cause cause) {
  return results.time.front().share[static_cast<std::size_t>(cause)];
}

}  // namespace tests
