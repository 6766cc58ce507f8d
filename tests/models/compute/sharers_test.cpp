#include "models/compute/sharers.hpp"

#include <catch2/catch.hpp>

using models::compute::Sharers;
using sim::Duration;
using sim::Instant;

namespace {

Instant at_us(std::int64_t us) {
  return Instant{Duration{us * 1'000'000}};
}

}  // namespace

TEST_CASE("Those who come at once where nobody was find room at once") {
  Sharers sharers;
  sharers.change(3);
  CHECK(sharers.follow(at_us(50)));
  CHECK(sharers.counted() == 3);
  sharers.change(2);  // at the same instant
  CHECK(sharers.follow(at_us(50)));
  CHECK(sharers.counted() == 5);
  CHECK(sharers.settled());
}

TEST_CASE("A thread that loses its CPU for microseconds keeps its space in the LLC") {
  Sharers sharers;
  sharers.change(4);
  sharers.follow(at_us(0));
  for (std::int64_t us = 100; us < 20'000; us += 100) {
    sharers.change(-1);
    CHECK_FALSE(sharers.follow(at_us(us)));
    sharers.change(1);
    CHECK_FALSE(sharers.follow(at_us(us + 10)));
  }
  CHECK(sharers.counted() == 4);
}

TEST_CASE("Lines of one that has left for good are there for some milliseconds") {
  Sharers sharers;
  sharers.change(2);
  sharers.follow(at_us(0));
  sharers.change(-1);
  CHECK_FALSE(sharers.follow(at_us(100)));
  CHECK_FALSE(sharers.settled());
  CHECK_FALSE(sharers.follow(at_us(1'400)));  // 1 + exp(-1.3) is 1.27
  CHECK(sharers.follow(at_us(1'500)));        // 1 + exp(-1.4) is 1.247
  CHECK(sharers.counted() == 1);
  CHECK(sharers.settled());
}

TEST_CASE("Another number never counts before it is due, and is due soon before it does") {
  for (const int by : {-3, -1, 1, 4}) {
    Sharers sharers;
    sharers.change(5);
    sharers.follow(at_us(0));
    CHECK(sharers.due() == sim::kNever);
    sharers.change(by);
    sharers.follow(at_us(100));
    int looks = 0;
    for (Instant due = sharers.due(); due != sim::kNever; due = sharers.due()) {
      Sharers earlier = sharers;
      CHECK_FALSE(earlier.follow(due - Duration{1'000'000}));
      sharers.follow(due);
      REQUIRE(++looks < 400);
    }
    CHECK(sharers.counted() == 5 + by);
  }
}

TEST_CASE("Who runs a tenth of the time shares as a tenth of a thread, beside himself") {
  Sharers sharers;
  sharers.change(10);
  sharers.follow(at_us(0));
  for (std::int64_t us = 1'000; us < 30'000; us += 500) {
    sharers.change(5);
    sharers.follow(at_us(us));
    sharers.change(-5);
    sharers.follow(at_us(us + 50));
  }
  CHECK(sharers.counted() == 10);  // 10.5 on the mean
  Sharers alone;
  alone.change(1);
  alone.follow(at_us(0));
  alone.change(-1);
  alone.follow(at_us(50));
  alone.follow(at_us(2'000));
  CHECK(alone.counted() == 0);
  alone.change(1);
  alone.follow(at_us(2'100));
  CHECK(alone.counted() == 1);
}
