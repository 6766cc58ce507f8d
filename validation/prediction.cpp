#include "validation/prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"

namespace validation {

namespace {

constexpr double kPredictionLevel = 0.90;

bool equal(const scenarios::SweepValue& a, const scenarios::SweepValue& b) {
  const auto number = [](const scenarios::SweepValue& value) -> std::optional<double> {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return std::nullopt;
  };
  const auto x = number(a);
  const auto y = number(b);
  return x && y ? *x == *y : a == b;
}

bool at_coordinates(const scenarios::Coordinates& point, const scenarios::Coordinates& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& coordinate) {
    return std::any_of(point.begin(), point.end(), [&](const auto& own) {
      return own.first == coordinate.first && equal(own.second, coordinate.second);
    });
  });
}

[[noreturn]] void refuse(const Case& of, const Check& check, const std::string& text) {
  scenarios::Problem problem{of.file.name, check.line, check.column,
                             fmt::format("check of {}: {}", check.point, text)};
  throw scenarios::ScenarioError{std::vector<scenarios::Problem>{std::move(problem)}};
}

const scenarios::MetricEstimate& figure(const MetricAt& wanted, const Check& check, const Case& of,
                                        const scenarios::Study& study,
                                        const scenarios::StudyResults& results) {
  const auto index = find_point(study, wanted.at);
  if (!index) refuse(of, check, "its `at` singles out no one point of the scenario's sweep");
  const scenarios::PointResults& point = results.points.at(*index);
  const auto found =
      std::find_if(point.metrics.begin(), point.metrics.end(),
                   [&](const scenarios::MetricEstimate& m) { return m.name == wanted.metric; });
  if (found != point.metrics.end()) return *found;
  std::vector<std::string_view> known;
  for (const auto& metric : point.metrics) known.push_back(metric.name);
  refuse(of, check,
         fmt::format("{}: no such metric, the scenario has {}", wanted.metric,
                     fmt::join(known, ", ")));
}

}  // namespace

std::optional<std::size_t> find_point(const scenarios::Study& study,
                                      const scenarios::Coordinates& at) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    if (!at_coordinates(study.points[i].at, at)) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

double in_recorded_unit(const Check& check, double value) {
  const double figure = check.offset + check.scale * (check.inverse ? 1.0 / value : value);
  if (!check.above) return figure;
  return figure > *check.above ? 1.0 : 0.0;
}

Prediction predict(const Check& check, const Case& of, const scenarios::Study& study,
                   const scenarios::StudyResults& results) {
  const scenarios::MetricEstimate& metric = figure(check.predicted, check, of, study, results);
  const scenarios::MetricEstimate* base =
      check.relative_to ? &figure(*check.relative_to, check, of, study, results) : nullptr;
  const auto wanted = [&](double value, double base_value) {
    if (base != nullptr && check.difference) return in_recorded_unit(check, value - base_value);
    if (base != nullptr && base_value == 0.0) refuse(of, check, "relative_to is zero");
    const double ratio = base != nullptr ? value / base_value : value;
    if (check.inverse && ratio == 0.0) refuse(of, check, "the inverse of zero is asked for");
    return in_recorded_unit(check, ratio);
  };
  const double own = metric.estimate.value;
  const double base_own = base != nullptr ? base->estimate.value : 1.0;
  const double value = wanted(own, base_own);

  std::vector<double> samples;  // replications are paired
  for (std::size_t r = 0; r < metric.samples.size(); ++r) {
    const bool paired = base == nullptr || r < base->samples.size();
    if (paired) samples.push_back(wanted(metric.samples[r], base ? base->samples[r] : 1.0));
  }
  std::vector<double> shifts;
  for (std::size_t i = 0; i < metric.shifts.size(); ++i) {
    const double moved = wanted(own + metric.shifts[i], base ? base_own + base->shifts[i] : 1.0);
    shifts.push_back(moved - value);
  }
  const double half = scenarios::prediction_half_width(
      samples, scenarios::parameter_variance(shifts, results.parameters));
  return {value, value - half, value + half, std::move(samples)};
}

}  // namespace validation
