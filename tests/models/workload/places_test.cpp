#include "models/workload/places.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace models::workload;

namespace {

constexpr sim::Bytes kPlace{4'096};

std::vector<std::uint64_t> draw(const Placement& how, std::uint64_t places, int number) {
  sim::Random random{1, "places"};
  Places from{how, places, kPlace, random};
  std::vector<std::uint64_t> counts(places);
  for (int i = 0; i < number; ++i) ++counts.at(from.next(random));
  return counts;
}

// Of all draws, those to the `most` places that have most of them.
double share_of_hottest(std::vector<std::uint64_t> counts, std::size_t most) {
  std::sort(counts.rbegin(), counts.rend());
  double all = 0.0, hot = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += static_cast<double>(counts[i]);
    if (i < most) hot += static_cast<double>(counts[i]);
  }
  return hot / all;
}

}  // namespace

TEST_CASE("each place comes once before any comes again, in another order each time") {
  for (const std::uint64_t places : {1, 2, 3, 100, 1'000, 1'024}) {
    sim::Random random{1, "once"};
    Places once{{.spread = Spread::once}, places, kPlace, random};
    std::vector<std::uint64_t> first, second;
    for (std::uint64_t i = 0; i < places; ++i) first.push_back(once.next(random));
    for (std::uint64_t i = 0; i < places; ++i) second.push_back(once.next(random));
    if (places >= 100) CHECK(first != second);
    CHECK_FALSE((places >= 100 && std::is_sorted(first.begin(), first.end())));
    for (std::vector<std::uint64_t>* pass : {&first, &second}) {
      std::sort(pass->begin(), pass->end());
      for (std::uint64_t i = 0; i < places; ++i) REQUIRE((*pass)[i] == i);
    }
  }
}

TEST_CASE("places by Zipf's law are asked for as often as their rank says") {
  // 1,024 places, a power of two: the hash keeps all ranks apart. Six standard deviations of a
  // count of n draws of probability p are 6 sqrt(n p (1 - p)).
  constexpr int kDraws = 200'000;
  for (const double skew : {0.5, 1.0, 1.2, 2.5}) {
    std::vector<std::uint64_t> counts = draw({.spread = Spread::zipf, .skew = skew}, 1'024, kDraws);
    std::sort(counts.rbegin(), counts.rend());
    double sum = 0.0;
    for (int rank = 1; rank <= 1'024; ++rank) sum += std::pow(rank, -skew);
    for (const int rank : {1, 2, 3}) {
      const double p = std::pow(rank, -skew) / sum;
      if (p * kDraws < 1'500) continue;  // counts of neighbours overlap
      INFO("skew " << skew << ", rank " << rank);
      CHECK(static_cast<double>(counts[static_cast<std::size_t>(rank - 1)]) ==
            Approx(p * kDraws).margin(6 * std::sqrt(kDraws * p * (1 - p))));
    }
  }
}

TEST_CASE("hot places are scattered, around a centre if one is given") {
  const auto hottest = [](const std::vector<std::uint64_t>& counts) {
    return std::max_element(counts.begin(), counts.end()) - counts.begin();
  };
  const Placement zipf{.spread = Spread::zipf, .skew = 1.2, .centre = 0.25};
  std::vector<std::uint64_t> counts = draw(zipf, 1'024, 20'000);
  CHECK(hottest(counts) == 256);
  counts[256] = 0;
  CHECK(std::abs(hottest(counts) - 256) > 8);  // the second is elsewhere
}

TEST_CASE("Pareto's h of the places get 1 - h of the I/Os") {
  const std::vector<std::uint64_t> counts =
      draw({.spread = Spread::pareto, .skew = 0.2}, 1'024, 100'000);
  CHECK(share_of_hottest(counts, 205) == Approx(0.8).margin(0.015));
}

TEST_CASE("normal places deviate by a twelfth, and further if asked") {
  // The middle third is four deviations: 95.4 %; with a uniform deviation of half the places added
  // it is less.
  const auto middle = [](double skew) {
    return share_of_hottest(draw({.spread = Spread::normal, .skew = skew}, 1'024, 100'000), 341);
  };
  CHECK(middle(0.0) == Approx(0.954).margin(0.01));
  CHECK(middle(0.5) < 0.8);
}

TEST_CASE("zones have their share of the I/Os and of the places, or a size") {
  const Placement shares{
      .spread = Spread::zones,
      .zones = {
          {.share = 0.5, .part = 0.05}, {.share = 0.3, .part = 0.15}, {.share = 0.2, .part = 0.8}}};
  const std::vector<std::uint64_t> counts = draw(shares, 1'000, 100'000);
  const auto between = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    std::uint64_t sum = 0;
    for (auto at = counts.begin() + from; at != counts.begin() + to; ++at) sum += *at;
    return static_cast<double>(sum) / 100'000;
  };
  CHECK(between(0, 50) == Approx(0.5).margin(0.01));
  CHECK(between(50, 200) == Approx(0.3).margin(0.01));
  CHECK(between(200, 1'000) == Approx(0.2).margin(0.01));
  Placement sizes{.spread = Spread::zones,
                  .zones = {{.share = 1.0, .size = kPlace * 10}, {.share = 0.0}}};
  CHECK(share_of_hottest(draw(sizes, 1'000, 1'000), 10) == 1.0);
  sizes.zones[0].size = kPlace * 1'001;
  CHECK_THROWS_AS(draw(sizes, 1'000, 1), sim::ConfigError);
}

TEST_CASE("distributions that cannot be are refused with their key") {
  const auto complaint = [](const Placement& how) {
    sim::Complaints complaints;
    check(how, "vm.g.workload.io", complaints);
    return complaints.text();
  };
  CHECK(complaint({}).empty());
  CHECK(complaint({.spread = Spread::zipf, .skew = 0.0}).find("vm.g.workload.io.skew: got 0") == 0);
  CHECK(complaint({.spread = Spread::pareto, .skew = 1.0}).find("between 0 and 1") !=
        std::string::npos);
  CHECK(complaint({.spread = Spread::zones}).find("vm.g.workload.io.zones: need shares") == 0);
  CHECK(complaint({.spread = Spread::zones, .zones = {{1.0, 0.7}, {1.0, 0.7}}})
            .find("zones: take 1.4 of the places") != std::string::npos);
}
