// Where in its part of a disk a job's random I/Os go: place 0 .. n-1, each drawn in constant time.
//
// Models  uniform; every place once before any again (fio's random map, by a permutation instead of
//         a map); Zipf, Pareto and normal ranks, spread over the part by fio's hash, so that hot
//         places do not lie together; zones with their shares of the I/Os.
// Omits   marks that fio's map keeps of I/Os larger than a place.
// Source  fio lib/zipf.c, lib/gauss.c, hash.h, io_u.c; Hörmann and Derflinger 1996,
//         Rejection-inversion to generate variates from monotone discrete distributions; Luby and
//         Rackoff 1988 (permutations by Feistel rounds).
// Checked tests/models/workload/places_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/error.hpp"
#include "sim/random.hpp"
#include "sim/units.hpp"

namespace models::workload {

enum class Spread { uniform, once, zipf, pareto, normal, zones };

struct Zone {
  double share = 0.0;  // of the I/Os; what all say is taken as their sum
  double part = 0.0;   // of the places
  sim::Bytes size{};   // or this; the last zone may say neither: the rest
};

struct Placement {
  Spread spread = Spread::uniform;
  // zipf: the exponent; pareto: h, of which share 1 - h of the I/Os go to h of the places; normal:
  // share of the places by which I/Os deviate beside what twelve draws' mean does.
  double skew = 1.1;
  double centre = -1.0;  // of the places, where rank 0 lies (normal: 0.5 shifts nothing); -1: any
  std::vector<Zone> zones{};
};

// Numbers that cannot be. `path`: what the distribution's table is called.
void check(const Placement& distribution, const std::string& path, sim::Complaints& complaints);

class Places {
 public:
  // `places` of `size` each. Throws ConfigError if zones take more than there is.
  Places(const Placement& distribution, std::uint64_t places, sim::Bytes size, sim::Random& random);

  std::uint64_t next(sim::Random& random);

 private:
  struct Range {
    double until = 0.0;  // of the I/Os, those of the ranges before included
    std::uint64_t first = 0;
    std::uint64_t places = 0;
  };
  std::uint64_t permuted(std::uint64_t turn) const;
  std::uint64_t zipf_rank(sim::Random& random) const;
  double above(double x) const;          // integral of rank^-skew
  double above_inverse(double x) const;  // its inverse
  std::uint64_t scattered(std::uint64_t rank) const;
  void lay_out(const std::vector<Zone>& zones, sim::Bytes size);

  Spread spread_;
  double skew_;
  std::uint64_t places_;
  std::uint64_t offset_ = 0;  // of rank 0's place, after hashing
  // once
  int half_bits_ = 1;
  std::uint64_t turn_ = 0;
  std::array<std::uint64_t, 4> keys_{};  // of Feistel rounds
  // zipf
  double first_ = 0.0;
  double last_ = 0.0;
  double sure_ = 0.0;
  // zones
  std::vector<Range> ranges_;
};

}  // namespace models::workload
