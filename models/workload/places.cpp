#include "models/workload/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace models::workload {
namespace {

constexpr std::uint64_t kGolden = 0x61C8'8646'80B5'83EB;  // fio hash.h, GOLDEN_RATIO_64
constexpr int kNormalDraws = 12;                          // fio lib/gauss.c, GAUSS_ITERS

// splitmix64's finalizer (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
  return x ^ (x >> 31);
}

// log(1 + x) / x and (exp(x) - 1) / x, also where x is small.
double log_ratio(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1.0 - x / 2;
}
double exp_ratio(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1.0 + x / 2;
}

}  // namespace

void check(const Placement& distribution, const std::string& path, sim::Complaints& complaints) {
  const double skew = distribution.skew;
  const auto need = [&](bool holds, std::string_view text) {
    complaints.need(holds, fmt::format("{}.{}", path, text));
  };
  switch (distribution.spread) {
    case Spread::uniform:
    case Spread::once:
      break;
    case Spread::zipf:
      need(skew > 0, fmt::format("skew: got {}, need an exponent above 0, e.g. 1.2", skew));
      break;
    case Spread::pareto:
      need(skew > 0 && skew < 1, fmt::format("skew: got {}, need one between 0 and 1", skew));
      break;
    case Spread::normal:
      need(skew <= 1, fmt::format("skew: got {}, need a share from 0 to 1", skew));
      break;
    case Spread::zones: {
      double share = 0.0, part = 0.0;
      for (const Zone& zone : distribution.zones) {
        share += zone.share;
        part += zone.part;
      }
      need(share > 0, "zones: need shares of the I/Os, e.g. [[0.8, 0.1], [0.2, 0.9]]");
      need(part <= 1 + 1e-9, fmt::format("zones: take {} of the places, need 1 at most", part));
      break;
    }
  }
}

Places::Places(const Placement& distribution, std::uint64_t places, sim::Bytes size,
               sim::Random& random)
    : spread_{distribution.spread}, skew_{distribution.skew}, places_{places} {
  const double centre = distribution.centre;
  const auto at = [&](double share) {
    return static_cast<std::uint64_t>(static_cast<double>(places) * share) % places;
  };
  switch (spread_) {
    case Spread::uniform:
      break;
    case Spread::once:
      half_bits_ = std::max(1, (static_cast<int>(std::bit_width(places - 1)) + 1) / 2);
      for (std::uint64_t& key : keys_) key = random.bits();
      break;
    case Spread::zipf:
      first_ = above(1.5) - 1.0;
      last_ = above(static_cast<double>(places) + 0.5);
      sure_ = 2.0 - above_inverse(above(2.5) - std::pow(2.0, -skew_));
      [[fallthrough]];
    case Spread::pareto:
      offset_ = centre < 0 ? random.below(places) : at(centre);
      break;
    case Spread::normal:
      offset_ = centre < 0 ? 0 : at(centre + 0.5);
      break;
    case Spread::zones:
      lay_out(distribution.zones, size);
      break;
  }
}

void Places::lay_out(const std::vector<Zone>& zones, sim::Bytes size) {
  std::uint64_t first = 0;
  double until = 0.0;
  for (const Zone& zone : zones) {
    std::uint64_t number = places_ - std::min(first, places_);
    if (zone.size.count() > 0) {
      number = static_cast<std::uint64_t>(zone.size.count() / size.count());
    } else if (zone.part > 0) {
      number = static_cast<std::uint64_t>(zone.part * static_cast<double>(places_) + 0.5);
      number = std::min(number, places_ - std::min(first, places_));  // rounded
    }
    if (first + number > places_)
      throw sim::ConfigError{
          fmt::format("zones of a job's I/Os take more than its {} places of {} B; make them "
                      "smaller, or its span larger",
                      places_, size.count())};
    until += zone.share;
    if (number > 0 && zone.share > 0) ranges_.push_back({until, first, number});
    first += number;
  }
  if (ranges_.empty())
    throw sim::ConfigError{
        fmt::format("zones of a job's I/Os are smaller than its blocks of {} B", size.count())};
}

std::uint64_t Places::next(sim::Random& random) {
  switch (spread_) {
    case Spread::uniform:
      return random.below(places_);
    case Spread::once:
      if (turn_ == places_) {
        turn_ = 0;
        for (std::uint64_t& key : keys_) key = random.bits();
      }
      return permuted(turn_++);
    case Spread::zipf:
      return scattered(zipf_rank(random));
    case Spread::pareto: {
      const double power = std::log(skew_) / std::log(1.0 - skew_);
      return scattered(static_cast<std::uint64_t>(static_cast<double>(places_ - 1) *
                                                  std::pow(random.uniform(), power)));
    }
    case Spread::normal: {
      double sum = 0.0;
      for (int i = 0; i < kNormalDraws; ++i) sum += random.uniform();
      const double wide = std::min(0.5, skew_);
      const double apart = wide * (random.uniform() - 0.5);
      const double place = std::clamp(sum / kNormalDraws + apart, 0.0, 1.0);
      return scattered(
          std::min(places_ - 1, static_cast<std::uint64_t>(place * static_cast<double>(places_))));
    }
    case Spread::zones: {
      const double drawn = random.uniform() * ranges_.back().until;
      const auto zone = std::find_if(ranges_.begin(), ranges_.end() - 1,
                                     [&](const Range& one) { return drawn < one.until; });
      return zone->first + random.below(zone->places);
    }
  }
  throw sim::ModelError{"unknown spread of I/Os"};
}

// A permutation of 0 .. n-1: Feistel rounds permute the next larger power of four; what falls
// outside goes round again, four times at the mean at most.
std::uint64_t Places::permuted(std::uint64_t turn) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = turn >> half_bits_, right = turn & mask;
    for (const std::uint64_t key : keys_) {
      const std::uint64_t next = left ^ (mixed(right ^ key) & mask);
      left = right;
      right = next;
    }
    turn = (left << half_bits_) | right;
  } while (turn >= places_);
  return turn;
}

// Rejection-inversion. With h(x) = x^-s, H its integral ("above"), ranks k = 1 .. n:
//   u uniform in (H(1.5) - h(1), H(n + 0.5)], x = H^-1(u), k = x rounded
//   accept if k - x <= sure, or u >= H(k + 0.5) - h(k)
std::uint64_t Places::zipf_rank(sim::Random& random) const {
  const double most = static_cast<double>(places_);
  while (true) {
    const double u = last_ + random.uniform() * (first_ - last_);
    const double x = above_inverse(u);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, most);
    if (rank - x <= sure_ || u >= above(rank + 0.5) - std::pow(rank, -skew_))
      return static_cast<std::uint64_t>(rank) - 1;
  }
}

double Places::above(double x) const {
  const double log_x = std::log(x);
  return exp_ratio((1.0 - skew_) * log_x) * log_x;
}

double Places::above_inverse(double x) const {
  return std::exp(log_ratio(std::max(-1.0, x * (1.0 - skew_))) * x);
}

std::uint64_t Places::scattered(std::uint64_t rank) const {
  return (rank * kGolden + offset_) % places_;
}

}  // namespace models::workload
