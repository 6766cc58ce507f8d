// What shared resources check of a capacity that they are given.
#pragma once

#include <fmt/format.h>

#include <cmath>

#include "sim/error.hpp"

namespace sim {

// Throws ConfigError unless it is finite and not negative.
inline void check_capacity(double capacity) {
  if (!(capacity >= 0.0) || !std::isfinite(capacity))
    throw ConfigError{fmt::format("capacity: got {}, need zero or more", capacity)};
}

}  // namespace sim
