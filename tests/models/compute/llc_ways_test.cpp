#include "models/compute/llc_ways.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using namespace models::compute;

TEST_CASE("without partitions a cache is one region") {
  LlcInsertions insertions{2, 16, 16.0};
  insertions.add({});
  insertions.add({});
  REQUIRE(insertions.regions() == 1);
  REQUIRE(insertions.parts(1).size() == 1);
  CHECK(insertions.parts(1).front().share == 1.0);
  CHECK(insertions.parts(1).front().size_B == 16.0);
  insertions.change(1, 0, 100.0, sim::kStart);
  insertions.change(1, 1, 50.0, sim::kStart);
  CHECK(insertions.inserted_B(1, 0, sim::kStart + 2_s) == Approx(300.0));
  CHECK(insertions.inserted_B(0, 0, sim::kStart + 2_s) == 0.0);
}

TEST_CASE("what a profile brings in falls on its own ways, evenly") {
  LlcInsertions insertions{1, 4, 8.0};
  insertions.add({0, 1, 2});
  insertions.add({2, 3});
  insertions.add({});  // puts lines everywhere
  REQUIRE(insertions.regions() == 3);
  insertions.change(0, 0, 30.0, sim::kStart);
  double first_B = 0.0, second_B = 0.0, third_B = 0.0;
  const auto now = sim::kStart + 1_s;
  for (const auto& part : insertions.parts(0))
    first_B += insertions.inserted_B(0, part.region, now);
  for (const auto& part : insertions.parts(1))
    second_B += insertions.inserted_B(0, part.region, now);
  for (const auto& part : insertions.parts(2)) {
    third_B += insertions.inserted_B(0, part.region, now);
    CHECK(part.share == Approx(part.size_B / 8.0));
  }
  CHECK(first_B == Approx(30.0));
  CHECK(second_B == Approx(10.0));  // a way of three
  CHECK(third_B == Approx(30.0));
}
