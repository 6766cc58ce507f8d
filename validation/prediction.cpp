#include "validation/prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

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

double two_sided_t(double level, int freedom) {
  const boost::math::students_t_distribution<double> distribution{static_cast<double>(freedom)};
  return boost::math::quantile(distribution, 0.5 + level / 2.0);
}

// How much wider the interval of one more run is than that of the mean of n runs.
double widening(int replications, double confidence) {
  if (replications < 2) return 1.0;
  const int freedom = replications - 1;
  return two_sided_t(kPredictionLevel, freedom) / two_sided_t(confidence, freedom) *
         std::sqrt(replications + 1.0);
}

const scenarios::Estimate* find_metric(const scenarios::PointResults& point,
                                       std::string_view metric) {
  const auto found =
      std::find_if(point.metrics.begin(), point.metrics.end(),
                   [&](const scenarios::MetricEstimate& m) { return m.name == metric; });
  return found != point.metrics.end() ? &found->estimate : nullptr;
}

// A metric and the half-width of the interval of one more run.
std::pair<double, double> figure(const MetricAt& wanted, const Check& check, const Case& of,
                                 const scenarios::Study& study,
                                 const scenarios::StudyResults& results) {
  const auto index = find_point(study, wanted.at);
  if (!index) refuse(of, check, "its `at` singles out no one point of the scenario's sweep");
  const scenarios::PointResults& point = results.points.at(*index);
  const scenarios::Estimate* estimate = find_metric(point, wanted.metric);
  if (estimate == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& metric : point.metrics) known.push_back(metric.name);
    refuse(of, check,
           fmt::format("{}: no such metric, the scenario has {}", wanted.metric,
                       fmt::join(known, ", ")));
  }
  const double half = (estimate->hi - estimate->lo) / 2.0;
  return {estimate->value, half * widening(point.replications, study.settings.confidence)};
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
  return check.offset + check.scale * (check.inverse ? 1.0 / value : value);
}

Prediction predict(const Check& check, const Case& of, const scenarios::Study& study,
                   const scenarios::StudyResults& results) {
  auto [value, half] = figure(check.predicted, check, of, study, results);
  if (check.relative_to) {
    const auto [base, base_half] = figure(*check.relative_to, check, of, study, results);
    if (base == 0.0) refuse(of, check, "relative_to is zero");
    // First-order: the relative half-widths of quotient's parts add in squares.
    const double ratio = value / base;
    half = std::hypot(half / base, ratio * base_half / base);
    value = ratio;
  }
  if (check.inverse) {
    if (value == 0.0) refuse(of, check, "the inverse of zero is asked for");
    half /= value * value;
  }
  value = in_recorded_unit(check, value);
  half *= std::abs(check.scale);
  return {value, value - half, value + half};
}

}  // namespace validation
