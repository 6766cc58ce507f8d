#include "sim/interval.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/random.hpp"

using namespace sim;

TEST_CASE("the interval of a mean is Student's") {
  // s = 1, n = 4: t(0.95; 3) = 3.1824, half = 3.1824 / 2
  const double h = std::sqrt(0.75);
  const Interval i = mean_interval({10 - h, 10 + h, 10 - h, 10 + h}, 0.95);
  CHECK(i.value == Approx(10.0));
  CHECK(i.hi - i.value == Approx(1.5912).epsilon(1e-4));
  CHECK(i.contains(10.0));
  CHECK_FALSE(i.contains(12.0));
}

TEST_CASE("equal samples have an interval of no width, whatever rounding would say") {
  const Interval i = mean_interval({0.1, 0.1, 0.1}, 0.95);
  CHECK(i.value == 0.1);
  CHECK(i.lo == i.hi);
  CHECK(mean_interval({3.0}, 0.95).hi == 3.0);
}

TEST_CASE("pairing removes what both have in common") {
  const std::vector<double> common{1, 50, -30, 7, 12};
  std::vector<double> a, b;
  for (std::size_t i = 0; i < common.size(); ++i) {
    a.push_back(common[i] + 2.0);
    b.push_back(common[i]);
  }
  const Interval paired = paired_interval(a, b, 0.99);
  CHECK(paired.lo == Approx(2.0));
  CHECK(paired.hi == Approx(2.0));
  CHECK(mean_interval(a, 0.99).hi - mean_interval(a, 0.99).lo > 50.0);
}

TEST_CASE("intervals cover the true mean as often as they say") {
  // 4 000 experiments at 90 %: outside 3 600 +- 6 x 19 with a chance below 1e-8.
  int covered = 0;
  Random random{7, "coverage"};
  for (int e = 0; e < 4000; ++e) {
    std::vector<double> samples;
    for (int i = 0; i < 6; ++i) samples.push_back(random.normal(5.0, 2.0));
    covered += mean_interval(samples, 0.90).contains(5.0);
  }
  CHECK(std::abs(covered - 3600) < 114);
}

TEST_CASE("batch means see the correlation that single observations hide") {
  // AR(1), phi = 0.9: the mean's variance is (1 + phi) / (1 - phi) = 19 times that of independents.
  Random random{11, "ar1"};
  std::vector<double> series;
  double x = 0.0;
  for (int i = 0; i < 200'000; ++i) series.push_back(x = 0.9 * x + random.normal(0.0, 1.0));
  const Interval naive = mean_interval(series, 0.95);
  const Interval batches = batch_means_interval(series, 20, 0.95);
  const double ratio = (batches.hi - batches.lo) / (naive.hi - naive.lo);
  // sqrt(19) = 4.36; the spread of 20 batch means is known to 16 %: within six of these.
  CHECK(ratio > 4.36 * 0.4);
  CHECK(ratio < 4.36 * 2.2);
  CHECK(batches.value == Approx(naive.value).margin(1e-9));
}

TEST_CASE("the warm-up is dropped where the series settles, and not in a settled one") {
  Random random{3, "warm-up"};
  std::vector<double> rising, settled;
  for (int i = 0; i < 1000; ++i) {
    const double noise = random.normal(0.0, 0.5);
    rising.push_back(10.0 * (1.0 - std::exp(-i / 40.0)) + noise);
    settled.push_back(10.0 + noise);
  }
  const std::size_t cut = warm_up_length(rising);
  CHECK(cut >= 80);   // exp(-2) of the rise, 1.4, is left there
  CHECK(cut <= 300);  // 0.006 is left there
  CHECK(warm_up_length(settled) <= 100);
  CHECK(warm_up_length({1.0, 2.0, 3.0}) == 0);
}
