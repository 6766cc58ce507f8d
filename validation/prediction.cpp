#include "validation/prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "models/metric_kind.hpp"
#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"

namespace validation {

namespace {

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

const scenarios::MetricEstimate& figure(const std::string& metric, std::size_t index,
                                        const Check& check, const Case& of,
                                        const scenarios::StudyResults& results) {
  const scenarios::PointResults& point = results.points.at(index);
  const auto found =
      std::find_if(point.metrics.begin(), point.metrics.end(),
                   [&](const scenarios::MetricEstimate& m) { return m.name == metric; });
  if (found != point.metrics.end()) return *found;
  std::vector<std::string_view> known;
  for (const auto& one : point.metrics) known.push_back(one.name);
  refuse(of, check,
         fmt::format("{}: no such metric, the scenario has {}", metric, fmt::join(known, ", ")));
}

const scenarios::MetricEstimate& figure(const MetricAt& wanted, const Check& check, const Case& of,
                                        const scenarios::Study& study,
                                        const scenarios::StudyResults& results) {
  const auto index = find_point(study, wanted.at);
  if (!index) refuse(of, check, "its `at` singles out no one point of the scenario's sweep");
  return figure(wanted.metric, *index, check, of, results);
}

// The metric where `best` is greatest: in the mean, in each replication, under each other value of
// an uncertain parameter.
scenarios::MetricEstimate figure_at_best(const Check& check, const Case& of,
                                         const scenarios::Study& study,
                                         const scenarios::StudyResults& results) {
  struct Candidate {
    const scenarios::MetricEstimate* wanted;
    const scenarios::MetricEstimate* metric;
    const scenarios::MetricEstimate* over;
  };
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    if (!at_coordinates(study.points[i].at, check.predicted.at)) continue;
    candidates.push_back(
        {&figure(check.predicted.metric, i, check, of, results),
         &figure(check.best->metric, i, check, of, results),
         check.best->over.empty() ? nullptr : &figure(check.best->over, i, check, of, results)});
  }
  if (candidates.empty()) refuse(of, check, "its `at` fits no point of the scenario's sweep");
  // `value_of(estimate)`, of that candidate where the ratio of both is greatest.
  const auto at_best = [&](const auto& value_of) {
    double most = 0.0, wanted = 0.0;
    for (const Candidate& one : candidates) {
      const double below = one.over != nullptr ? value_of(*one.over) : 1.0;
      const double ratio = below > 0 ? value_of(*one.metric) / below : 0.0;
      if (&one != &candidates.front() && ratio <= most) continue;
      most = ratio;
      wanted = value_of(*one.wanted);
    }
    return wanted;
  };
  using Estimate = scenarios::MetricEstimate;
  Estimate best = *candidates.front().wanted;
  best.estimate.value = at_best([](const Estimate& m) { return m.estimate.value; });
  for (std::size_t r = 0; r < best.samples.size(); ++r)
    best.samples[r] = at_best([&](const Estimate& m) { return m.samples.at(r); });
  for (std::size_t p = 0; p < best.shifts.size(); ++p) {
    const double moved =
        at_best([&](const Estimate& m) { return m.estimate.value + m.shifts.at(p); });
    best.shifts[p] = moved - best.estimate.value;
  }
  return best;
}

// How much of the models' and of measurements' errors a check's quantity has.
scenarios::ErrorParts error_parts(const scenarios::MetricEstimate& metric,
                                  const scenarios::MetricEstimate* base, const Check& check,
                                  double own) {
  const auto of_one = [](const scenarios::MetricEstimate& one, double value) {
    return scenarios::error_parts(one.name, value, one.mixture);
  };
  if (base == nullptr || check.difference) return of_one(metric, own);
  const double base_own = base->estimate.value;
  if (models::is_timed(metric.name) && models::is_timed(base->name))
    return scenarios::error_parts_of_ratio(own / base_own, metric.mixture);
  const scenarios::ErrorParts one = of_one(metric, own);
  const scenarios::ErrorParts other = of_one(*base, base_own);
  return {std::hypot(one.models, other.models), std::hypot(one.measurement, other.measurement),
          one.mixture};
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
  const scenarios::MetricEstimate metric = check.best
                                               ? figure_at_best(check, of, study, results)
                                               : figure(check.predicted, check, of, study, results);
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
  // To first order, so that no large shift of a rate makes a time of it infinite; whether something
  // is above a limit is not a matter of small steps.
  constexpr double kSmall = 1e-3;
  const double part_of_shift = check.above ? 1.0 : kSmall;
  std::vector<double> shifts;
  for (std::size_t i = 0; i < metric.shifts.size(); ++i) {
    const double moved = wanted(own + part_of_shift * metric.shifts[i],
                                base ? base_own + part_of_shift * base->shifts[i] : 1.0);
    shifts.push_back((moved - value) / part_of_shift);
  }
  const double known = scenarios::parameter_variance(shifts, results.parameters);
  // What relative errors move the value by, in the recorded unit and to first order.
  const double quantity = base == nullptr    ? own
                          : check.difference ? own - base_own
                                             : own / base_own;
  const double slope =
      std::abs(in_recorded_unit(check, quantity * (1.0 + kSmall)) - value) / kSmall;
  const scenarios::ErrorParts parts = error_parts(metric, base, check, own);
  const double measured = slope * scenarios::left_out(results.errors, {0.0, parts.measurement});
  const double all = slope * scenarios::left_out(results.errors, parts);
  Prediction prediction;
  prediction.value = value;
  prediction.samples = std::move(samples);
  const auto most = std::max_element(parts.mixture.begin(), parts.mixture.end());
  prediction.of_models = slope * parts.models * *most;
  prediction.subject = static_cast<models::Subject>(most - parts.mixture.begin());
  prediction.known_half =
      scenarios::prediction_half_width(prediction.samples, known + measured * measured);
  const double half = scenarios::prediction_half_width(prediction.samples, known + all * all);
  const double least = value >= 0.0 && !check.difference ? 0.0 : value - half;
  prediction.lo = std::max(least, value - half);
  prediction.hi = value + half;
  if (base == nullptr && models::is_share(metric.name)) {
    const auto [low, high] =
        std::minmax({in_recorded_unit(check, 0.0), in_recorded_unit(check, 1.0)});
    prediction.lo = std::max(prediction.lo, std::min(low, value));
    prediction.hi = std::min(prediction.hi, std::max(high, value));
  }
  return prediction;
}

}  // namespace validation
