#include "sim/random.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace sim {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

Random::Random(std::uint64_t seed, std::string_view name) : state_{} {
  std::uint64_t mix = seed;
  mix = splitmix64(mix) ^ fnv1a(name);
  for (std::uint64_t& word : state_) word = splitmix64(mix);
}

std::uint64_t Random::bits() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

// Draws above the largest multiple of n are drawn again.
std::uint64_t Random::below(std::uint64_t n) {
  const std::uint64_t most = ~std::uint64_t{0} - (~std::uint64_t{0} % n + 1) % n;
  std::uint64_t draw = bits();
  while (draw > most) draw = bits();
  return draw % n;
}

double Random::exponential(double mean) {
  return -mean * std::log1p(-uniform());
}

Duration Random::exponential(Duration mean) {
  return picoseconds_ceil(exponential(static_cast<double>(mean.count())));
}

// Box-Muller; the second variate is dropped so that each call draws the same number of bits.
double Random::normal(double mean, double standard_deviation) {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return mean + standard_deviation * radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Random::lognormal(double mean, double coefficient_of_variation) {
  const double variance = std::log1p(coefficient_of_variation * coefficient_of_variation);
  return std::exp(normal(std::log(mean) - variance / 2, std::sqrt(variance)));
}

}  // namespace sim
