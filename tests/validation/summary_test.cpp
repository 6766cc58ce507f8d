#include "validation/summary.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "validation/report.hpp"

using namespace validation;

namespace {

// A covered point of recorded value 1 with the given error and interval half-width.
Record covered(const std::string& subsystem, Role role, double error, double half) {
  Point point;
  point.id = subsystem + std::to_string(error);
  point.subsystem = subsystem;
  point.unit = "fraction";
  point.role = role;
  point.values = {{"value", 1.0}};
  const double predicted = 1.0 + error;
  return compare(point, {{predicted, predicted - half, predicted + half}});
}

Record not_covered(const std::string& subsystem) {
  Point point;
  point.id = "later";
  point.subsystem = subsystem;
  point.values = {{"value", 1.0}};
  return uncovered(point, "needs disks");
}

}  // namespace

TEST_CASE("quantiles are linear between order statistics") {
  CHECK_FALSE(quantile({}, 0.5).has_value());
  CHECK(quantile({3, 1, 2}, 0.5) == 2.0);
  CHECK(quantile({4, 1, 2, 3}, 0.5) == 2.5);
  CHECK(quantile({0, 10}, 0.9) == 9.0);
}

TEST_CASE("error figures are over validate points, coverage over all") {
  const auto summary = summarise(
      {covered("numa", Role::validate, 0.10, 0.2), covered("numa", Role::validate, -0.30, 0.2),
       covered("numa", Role::calibrate, 0.02, 0.2), not_covered("storage")});
  const Summary& numa = summary.at("numa");
  CHECK(numa.covered == 3);
  CHECK(numa.uncovered == 0);
  CHECK(numa.median_abs_error.value() == Approx(0.20));
  CHECK(numa.p90_abs_error.value() == Approx(0.28));
  CHECK(numa.bias.value() == Approx(-0.10));
  CHECK(numa.pi_coverage.value() == Approx(0.5));
  CHECK(numa.calibration_median_abs_error.value() == Approx(0.02));
  CHECK(summary.at("storage").uncovered == 1);
  CHECK_FALSE(summary.at("storage").median_abs_error.has_value());
  CHECK(summary.at("all").covered == 3);
  CHECK(summary.at("all").uncovered == 1);
}

TEST_CASE("skill is measured against the better baseline over the same points") {
  Record ours = covered("numa", Role::validate, 0.10, 0);
  ours.fluid_cpu = BaselinePrediction{1.4, 0.4};
  ours.rule_of_thumb = BaselinePrediction{1.2, 0.2};
  Record without_baseline = covered("numa", Role::validate, 0.90, 0);
  const auto summary = summarise_baselines({ours, without_baseline});
  CHECK(summary.at("numa").fluid_cpu.value() == Approx(0.4));
  CHECK(summary.at("numa").rule_of_thumb.value() == Approx(0.2));
  CHECK(summary.at("numa").skill.value() == Approx(0.5));  // 1 - 0.1 / 0.2
}

TEST_CASE("the JSON report has points, summary and baselines, and a reason where uncovered") {
  Report report;
  report.points = {covered("numa", Role::validate, 0.10, 0.2), not_covered("storage")};
  report.summary = summarise(report.points);
  report.baselines = summarise_baselines(report.points);
  const auto json = to_json(report);
  const auto& point = json.at("points").at(0);
  CHECK(point.at("subsystem") == "numa");
  CHECK(point.at("role") == "validate");
  CHECK(point.at("unit") == "fraction");
  CHECK(point.at("recorded") == 1.0);
  CHECK(point.at("predicted").get<double>() == Approx(1.1));
  CHECK(point.at("pi").at(0).get<double>() == Approx(0.9));
  CHECK(point.at("relative_error").get<double>() == Approx(0.1));
  CHECK(point.at("status") == "within");
  CHECK_FALSE(point.contains("reason"));
  CHECK(json.at("points").at(1).at("status") == "uncovered");
  CHECK(json.at("points").at(1).at("reason") == "needs disks");
  CHECK(json.at("points").at(1).at("predicted").is_null());
  CHECK(json.at("summary").at("all").at("covered") == 1);
  CHECK(json.at("baselines").at("all").at("skill").is_null());
}

TEST_CASE("the table shows errors with signs and why points are uncovered") {
  Report report;
  report.points = {covered("numa", Role::validate, -0.10, 0.2), not_covered("storage")};
  report.summary = summarise(report.points);
  report.baselines = summarise_baselines(report.points);
  const std::string text = table(report);
  CHECK_THAT(text, Catch::Contains("-10.0 %") && Catch::Contains("1 storage: needs disks") &&
                       Catch::Contains("2 points: 1 covered, 1 uncovered"));
}

TEST_CASE("the discrepancy makes one standard deviation hold two thirds of calibrate points") {
  const auto of = [](const std::vector<Record>& records) {
    return fitted_discrepancy(records, models::Subject::computing);
  };
  CHECK_FALSE(of({covered("numa", Role::validate, 0.5, 0.0)}).has_value());
  std::vector<Record> records{covered("numa", Role::validate, 0.9, 0.0)};  // never looked at
  for (int i = 1; i <= 19; ++i) {
    Record& one = records.emplace_back(covered("numa", Role::calibrate, 0.01 * i, 0.0));
    one.values.front().predicted.of_models = 1.0;
  }
  const auto fitted = of(records);
  REQUIRE(fitted.has_value());
  CHECK(fitted->points == 19);
  CHECK(fitted->value == Approx(0.14));  // ceil(0.6827 x 20) = 14th
  // What is known otherwise comes off; counts, without any, do not speak.
  for (Record& one : records) one.values.front().predicted.known_half = 0.4;
  CHECK(of(records)->value == 0.0);
  records.back().values.front().predicted.of_models = 0.0;
  CHECK(of(records)->points == 18);
  // Each subject's points speak for it alone.
  records[1].values.front().predicted.subject = models::Subject::storage;
  CHECK(of(records)->points == 17);
  CHECK(fitted_discrepancy(records, models::Subject::storage)->points == 1);
}
