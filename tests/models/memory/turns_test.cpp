#include "models/memory/turns.hpp"

#include <catch2/catch.hpp>

using models::memory::Turns;

TEST_CASE("nodes take turns by their shares") {
  Turns turns;
  int of_second = 0;
  for (int i = 0; i < 100; ++i) of_second += turns.next({0.75, 0.25});
  CHECK(of_second == 25);
  Turns one;
  CHECK(one.next({0.0, 1.0}) == 1);
}
