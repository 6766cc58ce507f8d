#include "sim/histogram.hpp"

#include <catch2/catch.hpp>

TEST_CASE("percentiles are within 1.6 % of the order statistic", "[histogram]") {
  sim::Histogram histogram;
  for (int i = 1; i <= 10'000; ++i) histogram.record(i * 1e-6);
  CHECK(histogram.percentile(0.5) == Approx(5'000e-6).epsilon(0.016));
  CHECK(histogram.percentile(0.99) == Approx(9'900e-6).epsilon(0.016));
  sim::Histogram other;
  for (int i = 0; i < 10'000; ++i) other.record(1.0);
  histogram.merge(other);
  CHECK(histogram.count() == 20'000);
  CHECK(histogram.percentile(0.99) == Approx(1.0).epsilon(0.016));
}

TEST_CASE("an empty histogram answers zero and takes any value", "[histogram]") {
  sim::Histogram histogram;
  CHECK(histogram.percentile(0.5) == 0.0);
  for (const double value : {0.0, -1.0, 1e300, 1e-300}) histogram.record(value);
  CHECK(histogram.count() == 4);
}

TEST_CASE("percentiles of few records lie among them, and of zeros at zero", "[histogram]") {
  sim::Histogram one;
  one.record(9.87);
  for (const double p : {0.5, 0.99}) CHECK(one.percentile(p) == 9.87);
  one.record(9.9);
  CHECK(one.percentile(0.01) >= 9.87);
  CHECK(one.percentile(0.99) <= 9.9);
  sim::Histogram zeros;
  for (int i = 0; i < 9; ++i) zeros.record(0.0);
  CHECK(zeros.percentile(0.99) == 0.0);
  zeros.record(1.0);
  CHECK(zeros.percentile(0.5) == 0.0);
  CHECK(zeros.percentile(0.99) == 1.0);
  zeros.clear();
  zeros.record(2.0);
  sim::Histogram both;
  both.merge(zeros);
  both.merge(one);
  CHECK(both.percentile(0.01) == Approx(2.0).epsilon(0.016));
  CHECK(both.percentile(1.0) == 9.9);
}
