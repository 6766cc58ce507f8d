#include "validation/prediction.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "scenarios/read.hpp"

using namespace validation;

namespace {

// Two sweep points, count 1 and 4, with one metric each, of five replications: 10 and 8, whose
// standard deviations are 1 and 0.5.
struct TwoPoints {
  TwoPoints() {
    study.settings.confidence = 0.95;
    for (const std::int64_t count : {1, 4}) {
      scenarios::Point point;
      point.at = {{"vm.a.count", count}, {"vm.a.pin", std::string{"core"}}};
      study.points.push_back(point);
      scenarios::PointResults result;
      result.at = point.at;
      result.replications = 5;
      const double value = count == 1 ? 10.0 : 8.0;
      const double step = (count == 1 ? 1.0 : 0.5) / std::sqrt(2.5);
      scenarios::MetricEstimate metric{"vm.a.throughput", {value, value, value}};
      // Not in step with the other point's, so that a ratio of both has a spread of its own.
      for (const int k :
           count == 1 ? std::vector<int>{-2, -1, 0, 1, 2} : std::vector<int>{0, 2, -1, 1, -2})
        metric.samples.push_back(value + k * step);
      result.metrics = {metric};
      results.points.push_back(result);
    }
  }

  Check at_count(std::int64_t count) const {
    Check check;
    check.point = std::string{"one.point"};
    check.predicted = {"vm.a.throughput", {{"vm.a.count", count}}};
    return check;
  }

  scenarios::Study study;
  scenarios::StudyResults results;
  Case of{{"case.toml", ""}, {}};
};

}  // namespace

TEST_CASE("coordinates single out one sweep point, numbers compared by value") {
  const TwoPoints s;
  CHECK(find_point(s.study, {{"vm.a.count", std::int64_t{4}}}) == 1u);
  CHECK(find_point(s.study, {{"vm.a.count", 1.0}}) == 0u);
  CHECK_FALSE(find_point(s.study, {{"vm.a.pin", std::string{"core"}}}).has_value());
  CHECK_FALSE(find_point(s.study, {{"vm.a.count", std::int64_t{2}}}).has_value());
}

TEST_CASE("the prediction interval is that of one more run") {
  const TwoPoints s;
  const Prediction p = predict(s.at_count(4), s.of, s.study, s.results);
  CHECK(p.value == 8.0);
  // n = 5: t(0.90; 4) = 2.1318; 2.1318 * 0.5 * sqrt(1 + 1/5) = 1.1676
  CHECK(p.hi - p.value == Approx(1.1676).epsilon(1e-3));
  CHECK(p.value - p.lo == Approx(p.hi - p.value));
}

TEST_CASE("relative_to, inverse, scale and offset apply in this order") {
  const TwoPoints s;
  Check check = s.at_count(4);
  check.relative_to = MetricAt{"vm.a.throughput", {{"vm.a.count", std::int64_t{1}}}};
  CHECK(predict(check, s.of, s.study, s.results).value == Approx(0.8));
  check.inverse = true;
  check.scale = 100.0;
  check.offset = -100.0;
  const Prediction p = predict(check, s.of, s.study, s.results);
  CHECK(p.value == Approx(25.0));  // 100 * 1 / 0.8 - 100
  CHECK(p.lo < p.value);
  CHECK(p.value < p.hi);
}

TEST_CASE("an ordering is 1 where the figure is above its limit, else 0") {
  const TwoPoints s;
  Check check = s.at_count(4);
  check.above = 7.0;
  CHECK(predict(check, s.of, s.study, s.results).value == 1.0);
  check.above = 8.0;
  CHECK(predict(check, s.of, s.study, s.results).value == 0.0);
}

TEST_CASE("a difference is taken before scale and offset") {
  const TwoPoints s;
  Check check = s.at_count(4);
  check.relative_to = MetricAt{"vm.a.throughput", {{"vm.a.count", std::int64_t{1}}}};
  check.difference = true;
  check.scale = 0.5;
  CHECK(predict(check, s.of, s.study, s.results).value == Approx(-1.0));  // (8 - 10) / 2
}

TEST_CASE("a metric or a place that the scenario does not have is refused at the check") {
  const TwoPoints s;
  Check check = s.at_count(4);
  check.line = 12;
  check.column = 1;
  check.predicted.metric = "vm.a.latency";
  CHECK_THROWS_WITH(predict(check, s.of, s.study, s.results),
                    Catch::Contains("case.toml:12:1") && Catch::Contains("vm.a.throughput"));
  check = s.at_count(7);
  CHECK_THROWS_WITH(predict(check, s.of, s.study, s.results), Catch::Contains("`at`"));
}

TEST_CASE("uncertain presets widen the interval through a check's formula") {
  TwoPoints s;
  s.results.parameters.resize(1);
  for (auto& point : s.results.points) {
    auto& metric = point.metrics.front();
    metric.samples.assign(5, metric.estimate.value);  // no noise
    metric.shifts = {0.1 * metric.estimate.value};    // 10 % a deviation, alike at both points
  }
  Check check = s.at_count(4);
  const Prediction p = predict(check, s.of, s.study, s.results);
  CHECK(p.hi - p.value == Approx(1.6449 * 0.8).epsilon(1e-3));  // z(0.90) = 1.6449
  check.relative_to = MetricAt{"vm.a.throughput", {{"vm.a.count", std::int64_t{1}}}};
  const Prediction ratio = predict(check, s.of, s.study, s.results);
  CHECK(ratio.hi - ratio.value == Approx(0.0).margin(1e-12));  // it cancels
}

TEST_CASE("what the models leave out counts less in a ratio of two points than in each") {
  TwoPoints s;
  for (auto& point : s.results.points)
    point.metrics.front().samples.assign(5, point.metrics.front().estimate.value);
  s.results.errors = {0.05, 0.0};
  Check check = s.at_count(4);
  const Prediction one = predict(check, s.of, s.study, s.results);
  CHECK(one.hi - one.value == Approx(1.6449 * 0.05 * 8.0).epsilon(1e-3));
  CHECK(one.known_half == 0.0);
  CHECK(one.of_models == Approx(8.0));
  check.relative_to = MetricAt{"vm.a.throughput", {{"vm.a.count", std::int64_t{1}}}};
  const Prediction ratio = predict(check, s.of, s.study, s.results);
  CHECK(ratio.hi - ratio.value == Approx(1.6449 * 0.05 * 0.8 * -std::log(0.8)).epsilon(1e-3));
}

TEST_CASE("intervals of checks end where their quantity does") {
  TwoPoints s;
  s.results.errors = {2.0, 0.0};
  const Prediction rate = predict(s.at_count(4), s.of, s.study, s.results);
  CHECK(rate.lo == 0.0);
  for (auto& point : s.results.points) {
    auto& metric = point.metrics.front();
    metric.name = "vm.a.cpu.steal";
    metric.samples = {0.5, 0.9, 1.0, 1.0, 1.0};
    metric.estimate = {0.88, 0.6, 1.0};
  }
  Check check = s.at_count(4);
  check.predicted.metric = "vm.a.cpu.steal";
  check.scale = 100.0;
  CHECK(predict(check, s.of, s.study, s.results).hi == Approx(100.0));
}

TEST_CASE("a check may ask where in the sweep something is best") {
  TwoPoints s;
  Check check = s.at_count(1);
  check.predicted.at.clear();
  check.best = Best{"vm.a.throughput", ""};
  CHECK(predict(check, s.of, s.study, s.results).value == 10.0);
  // Latency makes up for it at four: 8 / 4 against 10 / 8; in each replication likewise.
  for (std::size_t i = 0; i < 2; ++i) {
    const double latency_s = i == 0 ? 8.0 : 4.0;
    scenarios::MetricEstimate latency{"vm.a.latency", {latency_s, latency_s, latency_s}};
    latency.samples.assign(5, latency_s);
    s.results.points[i].metrics.push_back(latency);
  }
  check.best = Best{"vm.a.throughput", "vm.a.latency"};
  const Prediction p = predict(check, s.of, s.study, s.results);
  CHECK(p.value == 8.0);
  CHECK(p.samples == predict(s.at_count(4), s.of, s.study, s.results).samples);
  check.best = Best{"vm.a.colour", ""};
  CHECK_THROWS_WITH(predict(check, s.of, s.study, s.results), Catch::Contains("vm.a.colour"));
}
