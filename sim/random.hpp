// Named random streams: the same seed and name give the same draws, whatever else is simulated.
//
// xoshiro256++ (Blackman, Vigna 2019), state from splitmix64 over seed and the name's FNV-1a hash.
// Distributions are our own because the standard library's differ between platforms.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/units.hpp"

namespace sim {

// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every machine.
std::uint64_t fnv1a(std::string_view text);

class Random {
 public:
  Random(std::uint64_t seed, std::string_view name);

  std::uint64_t bits();
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }  // [0, 1)
  std::uint64_t below(std::uint64_t n);  // 0 .. n-1 without bias; requires n > 0
  double exponential(double mean);
  Duration exponential(Duration mean);
  double normal(double mean, double standard_deviation);
  double lognormal(double mean, double coefficient_of_variation);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace sim
