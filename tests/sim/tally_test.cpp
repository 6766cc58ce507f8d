#include "sim/tally.hpp"

#include <catch2/catch.hpp>

using namespace sim;
using namespace sim::literals;

namespace {

Instant at(Duration since_start) {
  return Instant{} + since_start;
}

}  // namespace

TEST_CASE("a tally has mean and sample variance of what it was told") {
  Tally tally;
  CHECK(tally.mean() == 0.0);
  CHECK(tally.variance() == 0.0);
  for (const double x : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) tally.record(x);
  CHECK(tally.count() == 8);
  CHECK(tally.mean() == Approx(5.0));
  CHECK(tally.variance() == Approx(32.0 / 7.0));
  CHECK(tally.least() == 2.0);
  CHECK(tally.greatest() == 9.0);
}

TEST_CASE("a tally keeps its digits when the mean is large") {
  Tally tally;
  for (const double x : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) tally.record(x);
  CHECK(tally.variance() == Approx(30.0));
}

TEST_CASE("merged tallies are the tally of all") {
  Tally a, b, all;
  for (int i = 0; i < 10; ++i) {
    const double x = i * i;
    (i < 3 ? a : b).record(x);
    all.record(x);
  }
  a.merge(b);
  a.merge(Tally{});
  CHECK(a.count() == 10);
  CHECK(a.mean() == Approx(all.mean()));
  CHECK(a.variance() == Approx(all.variance()));
  CHECK(a.greatest() == 81.0);
}

TEST_CASE("an average over time weighs each value by how long it held") {
  // 0 until 2 s, 3 until 3 s, 1 until 5 s: (0 x 2 + 3 x 1 + 1 x 2) / 5
  TimeWeighted queue{at(0_s)};
  queue.change(at(2_s), 3.0);
  queue.add(at(3_s), -2.0);
  CHECK(queue.average(at(5_s)) == Approx(1.0));
  CHECK(queue.value() == 1.0);
}

TEST_CASE("a restart forgets the past and keeps the value") {
  TimeWeighted queue{at(0_s), 8.0};
  queue.restart(at(4_s));
  CHECK(queue.average(at(4_s)) == 8.0);
  queue.change(at(5_s), 2.0);
  CHECK(queue.average(at(6_s)) == Approx(5.0));
}
