#include "models/translation/shared_entries.hpp"

#include <catch2/catch.hpp>

using namespace models::translation;

TEST_CASE("one use alone finds its entry as often as they have room") {
  CHECK(hits(32, {{64, 1.0}}).front() == Approx(0.5));
  CHECK(hits(32, {{64, 1e-9}}).front() == Approx(0.5));
  CHECK(hits(32, {{16, 1.0}}).front() == Approx(1));
  CHECK(hits(0, {{16, 1.0}}).front() == Approx(0));
}

TEST_CASE("uses that are alike have half of the entries each") {
  const auto both = hits(32, {{64, 1.0}, {64, 1.0}});
  CHECK(both[0] == Approx(0.25));
  CHECK(both[1] == Approx(0.25));
}

TEST_CASE("all that has room is found, and unused entries take none") {
  const auto both = hits(32, {{16, 1.0}, {16, 0.1}});
  CHECK(both[0] == Approx(1));
  CHECK(both[1] == Approx(1));
  CHECK(hits(32, {{64, 1.0}, {64, 0.0}})[0] == Approx(0.5));
}

// Held: T x 1 x (1 - h) of the many, the few are used 100 times as often each.
TEST_CASE("a few entries that are used often stay, and leave the others the rest") {
  const auto both = hits(32, {{1'000'000, 1.0}, {8, 1.0}});
  CHECK(both[0] * 1e6 + both[1] * 8 == Approx(32));
  CHECK(both[1] > 0.7);
  CHECK(both[0] * 1e6 == Approx(26).margin(1));
}
