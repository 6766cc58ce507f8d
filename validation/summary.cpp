#include "validation/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "scenarios/prediction.hpp"

namespace validation {

namespace {

constexpr const char* kAll = "all";
constexpr double kOneDeviation = 0.6827;  // of a normal distribution, within one of its mean

std::map<std::string, std::vector<const Record*>> by_subsystem(const std::vector<Record>& records) {
  std::map<std::string, std::vector<const Record*>> groups;
  groups[kAll];
  for (const Record& record : records) {
    groups[kAll].push_back(&record);
    groups[record.subsystem].push_back(&record);
  }
  return groups;
}

std::vector<double> errors(const std::vector<const Record*>& records, Role role) {
  std::vector<double> found;
  for (const Record* record : records) {
    if (record->role == role && record->relative_error) found.push_back(*record->relative_error);
  }
  return found;
}

std::vector<double> sizes(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

std::optional<double> mean(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> interval_coverage(const std::vector<const Record*>& records) {
  std::vector<double> inside;
  for (const Record* record : records) {
    if (record->role != Role::validate || record->bound != Bound::none) continue;
    for (const ValueRecord& value : record->values) {
      const bool in = value.predicted.lo <= value.recorded && value.recorded <= value.predicted.hi;
      inside.push_back(in ? 1.0 : 0.0);
    }
  }
  return mean(inside);
}

Summary summary_of(const std::vector<const Record*>& records) {
  Summary summary;
  for (const Record* record : records) {
    (record->status == Status::uncovered ? summary.uncovered : summary.covered) += 1;
    if (record->status == Status::bound_kept) ++summary.bounds_kept;
    if (record->status == Status::bound_broken) ++summary.bounds_broken;
  }
  const std::vector<double> signed_errors = errors(records, Role::validate);
  summary.median_abs_error = quantile(sizes(signed_errors), 0.5);
  summary.p90_abs_error = quantile(sizes(signed_errors), 0.9);
  summary.bias = mean(signed_errors);
  summary.pi_coverage = interval_coverage(records);
  summary.calibration_median_abs_error = quantile(sizes(errors(records, Role::calibrate)), 0.5);
  return summary;
}

// Median |error| of a baseline and ours over the points where it predicts something.
struct Contest {
  std::optional<double> baseline;
  std::optional<double> ours;
};

Contest contest(const std::vector<const Record*>& records,
                std::optional<BaselinePrediction> Record::*baseline) {
  std::vector<double> theirs;
  std::vector<double> ours;
  for (const Record* record : records) {
    const auto& predicted = record->*baseline;
    if (record->role != Role::validate || !predicted || !predicted->relative_error ||
        !record->relative_error)
      continue;
    theirs.push_back(std::abs(*predicted->relative_error));
    ours.push_back(std::abs(*record->relative_error));
  }
  return {quantile(theirs, 0.5), quantile(ours, 0.5)};
}

std::optional<double> skill(const Contest& of) {
  if (!of.baseline || *of.baseline == 0.0) return std::nullopt;
  return 1.0 - *of.ours / *of.baseline;
}

BaselineSummary baselines_of(const std::vector<const Record*>& records) {
  const Contest fluid = contest(records, &Record::fluid_cpu);
  const Contest thumb = contest(records, &Record::rule_of_thumb);
  BaselineSummary summary{fluid.baseline, thumb.baseline, skill(fluid)};
  const auto other = skill(thumb);
  if (other && (!summary.skill || *other < *summary.skill)) summary.skill = other;
  return summary;
}

}  // namespace

std::optional<double> quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(rank));
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (rank - std::floor(rank)) * (values[above] - values[below]);
}

std::optional<FittedDiscrepancy> fitted_discrepancy(const std::vector<Record>& records,
                                                    models::Subject subject) {
  const double z = scenarios::prediction_half_width({0.0}, 1.0);
  std::vector<std::pair<double, double>> asked;  // q and weight
  std::size_t points = 0;
  for (const Record& record : records) {
    if (record.role != Role::calibrate || record.bound != Bound::none) continue;
    std::vector<double> of_point;
    for (const ValueRecord& value : record.values) {
      const Prediction& predicted = value.predicted;
      if (!(predicted.of_models > 0.0) || predicted.subject != subject) continue;
      const double error = predicted.value - value.recorded;
      const double known = predicted.known_half / z;
      const double rest = error * error - known * known;
      of_point.push_back(std::sqrt(std::max(0.0, rest)) / predicted.of_models);
    }
    if (of_point.empty()) continue;
    ++points;
    for (const double q : of_point)
      asked.emplace_back(q, 1.0 / static_cast<double>(of_point.size()));
  }
  if (points == 0) return std::nullopt;
  std::sort(asked.begin(), asked.end());
  const double needed = std::ceil(kOneDeviation * static_cast<double>(points + 1));
  double reached = 0.0;
  for (const auto& [q, weight] : asked) {
    reached += weight;
    if (reached >= needed - 1e-9) return FittedDiscrepancy{q, points};
  }
  return FittedDiscrepancy{asked.back().first, points};
}

std::map<std::string, Summary> summarise(const std::vector<Record>& records) {
  std::map<std::string, Summary> summaries;
  for (const auto& [subsystem, group] : by_subsystem(records))
    summaries.emplace(subsystem, summary_of(group));
  return summaries;
}

std::map<std::string, BaselineSummary> summarise_baselines(const std::vector<Record>& records) {
  std::map<std::string, BaselineSummary> summaries;
  for (const auto& [subsystem, group] : by_subsystem(records))
    summaries.emplace(subsystem, baselines_of(group));
  return summaries;
}

}  // namespace validation
