#include "scenarios/alike.hpp"

#include <catch2/catch.hpp>

using namespace scenarios;

TEST_CASE("texts of points are alike but for their numbers") {
  CHECK(without_digits("CPU 12 of 8") == "CPU  of ");
  Alike alike{"2 killed", 1};
  alike.add("2 killed", 1);
  CHECK(alike.points == 1);
  CHECK(alike.times == 2);
  CHECK(alike.same);
  alike.add("3 killed", 4);
  CHECK(alike.points == 2);
  CHECK(alike.times == 3);
  CHECK_FALSE(alike.same);
  CHECK(alike.first == "2 killed");
  CHECK(alike.from == 1);
}
