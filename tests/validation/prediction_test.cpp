#include "validation/prediction.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "scenarios/read.hpp"

using namespace validation;

namespace {

// Two sweep points, count 1 and 4, with one metric each: 10 and 8 +- 0.5 of five replications.
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
      result.metrics = {{"vm.a.throughput", {value, value - 0.5, value + 0.5}}};
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
  // n = 5: t(0.90; 4) = 2.1318, t(0.95; 4) = 2.7764; 0.5 * 2.1318 / 2.7764 * sqrt(6) = 0.9405
  CHECK(p.hi - p.value == Approx(0.9405).epsilon(1e-3));
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
