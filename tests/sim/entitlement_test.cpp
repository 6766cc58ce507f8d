#include "sim/entitlement.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "sim/random.hpp"

using sim::Claim;
using sim::entitlements;

TEST_CASE("24 GHz by shares 1:2:3 are 4, 8 and 12") {
  const auto e = entitlements(24.0, {{.shares = 1}, {.shares = 2}, {.shares = 3}});
  CHECK(e[0] == Approx(4.0));
  CHECK(e[1] == Approx(8.0));
  CHECK(e[2] == Approx(12.0));
}

TEST_CASE("with 8 GHz reserved for the first they are 8, 6.4 and 9.6") {
  const auto e =
      entitlements(24.0, {{.shares = 1, .reservation = 8.0}, {.shares = 2}, {.shares = 3}});
  CHECK(e[0] == Approx(8.0));
  CHECK(e[1] == Approx(6.4));
  CHECK(e[2] == Approx(9.6));
}

TEST_CASE("what a limit leaves goes to the others by their shares") {
  const auto e = entitlements(24.0, {{.shares = 1}, {.shares = 2}, {.shares = 3, .limit = 6.0}});
  CHECK(e[2] == Approx(6.0));
  CHECK(e[0] == Approx(6.0));
  CHECK(e[1] == Approx(12.0));
}

TEST_CASE("limits below the capacity leave some of it over") {
  const auto e = entitlements(24.0, {{.shares = 1, .limit = 4.0}, {.shares = 5, .limit = 10.0}});
  CHECK(e[0] == Approx(4.0));
  CHECK(e[1] == Approx(10.0));
}

TEST_CASE("any claims are met within their bounds, and the capacity is given out") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    INFO("seed " << seed);
    sim::Random random{seed, "claims"};
    std::vector<Claim> claims(1 + random.below(8));
    double reserved = 0.0;
    double limits = 0.0;
    for (Claim& claim : claims) {
      claim.shares = 0.1 + 4.0 * random.uniform();
      if (random.below(2) == 0) claim.reservation = 3.0 * random.uniform();
      if (random.below(2) == 0) claim.limit = claim.reservation + 5.0 * random.uniform();
      reserved += claim.reservation;
      limits += claim.limit;
    }
    const double capacity = reserved + 10.0 * random.uniform();
    const auto e = entitlements(capacity, claims);
    CHECK(std::accumulate(e.begin(), e.end(), 0.0) == Approx(std::min(capacity, limits)));
    for (std::size_t i = 0; i < e.size(); ++i) {
      CHECK(e[i] >= claims[i].reservation - 1e-9);
      CHECK(e[i] <= claims[i].limit + 1e-9);
    }
  }
}
