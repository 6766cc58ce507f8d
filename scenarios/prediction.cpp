#include "scenarios/prediction.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <utility>

#include "scenarios/read.hpp"

namespace scenarios {
namespace {

// Differences are paired, so few replications tell them; two, so that one odd run is not all.
constexpr int kShiftReplications = 2;

double correlation(const UncertainParameter& a, const UncertainParameter& b) {
  if (a.file != b.file) return 0.0;
  if (a.key == b.key) return 1.0;
  const auto stated = a.correlation.find(b.key);
  if (stated != a.correlation.end()) return stated->second;
  const auto reverse = b.correlation.find(a.key);
  return reverse != b.correlation.end() ? reverse->second : 0.0;
}

// One standard deviation up, or down where that would leave the bounds: -1.
double direction(const UncertainParameter& parameter) {
  const bool above = parameter.high && parameter.value + parameter.deviation > *parameter.high;
  const bool below = parameter.low && parameter.value - parameter.deviation < *parameter.low;
  return above && !below ? -1.0 : 1.0;
}

// As far as the bounds allow, in deviations.
double step(const UncertainParameter& parameter) {
  const double sign = direction(parameter);
  double length = parameter.deviation;
  if (sign > 0 && parameter.high) length = std::min(length, *parameter.high - parameter.value);
  if (sign < 0 && parameter.low) length = std::min(length, parameter.value - *parameter.low);
  return sign * length / parameter.deviation;
}

Study shifted(const Study& study, const UncertainParameter& parameter, double deviations) {
  Study other = read_again(
      study, {{parameter.file, parameter.key, parameter.value + deviations * parameter.deviation}});
  other.settings.replications = std::min(kShiftReplications, study.settings.replications);
  return other;
}

// Mean over the paired replications of shifted - own, per deviation.
double shift(const std::vector<double>& own, const MetricEstimate* other, double deviations) {
  if (other == nullptr) return 0.0;
  const std::size_t n = std::min(own.size(), other->samples.size());
  double sum = 0.0;
  for (std::size_t r = 0; r < n; ++r) sum += other->samples[r] - own[r];
  return n > 0 ? sum / static_cast<double>(n) / deviations : 0.0;
}

const MetricEstimate* find_metric(const PointResults& point, const std::string& name) {
  const auto found = std::find_if(point.metrics.begin(), point.metrics.end(),
                                  [&](const MetricEstimate& m) { return m.name == name; });
  return found != point.metrics.end() ? &*found : nullptr;
}

void add_shifts(StudyResults& results, const StudyResults& other, double deviations) {
  for (std::size_t p = 0; p < results.points.size(); ++p) {
    for (MetricEstimate& metric : results.points[p].metrics) {
      const MetricEstimate* moved = find_metric(other.points[p], metric.name);
      metric.shifts.push_back(shift(metric.samples, moved, deviations));
    }
  }
}

// Progress over the study and its shifted runs, of which the number is known beforehand.
RunOptions part_of(const RunOptions& options, std::size_t& done, std::size_t following) {
  RunOptions part = options;
  if (options.progress) {
    part.progress = [&options, &done, following, before = done](const Progress& progress) {
      done = before + progress.done;
      options.progress({done, before + progress.total + following});
    };
  }
  return part;
}

}  // namespace

double parameter_variance(const std::vector<double>& shifts,
                          const std::vector<UncertainParameter>& parameters) {
  double variance = 0.0;
  for (std::size_t i = 0; i < shifts.size(); ++i) {
    for (std::size_t j = 0; j < shifts.size(); ++j)
      variance += shifts[i] * correlation(parameters[i], parameters[j]) * shifts[j];
  }
  return std::max(0.0, variance);  // correlations as rounded may not be positive definite
}

double prediction_half_width(const std::vector<double>& samples, double parameter_variance) {
  const auto n = static_cast<double>(samples.size());
  double mean = 0.0;
  for (const double sample : samples) mean += sample / n;
  double squares = 0.0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  double noise = 0.0;
  if (samples.size() > 1 && squares > 0.0) {
    const boost::math::students_t_distribution<double> t{n - 1.0};
    noise = boost::math::quantile(t, 0.5 + kPredictionLevel / 2.0) *
            std::sqrt(squares / (n - 1.0) * (1.0 + 1.0 / n));
  }
  const double z =
      boost::math::quantile(boost::math::normal_distribution<double>{}, 0.5 + kPredictionLevel / 2);
  return std::hypot(noise, z * std::sqrt(parameter_variance));
}

StudyResults run_and_predict(const Study& study, const RunOptions& options, const Model& model) {
  std::size_t done = 0;
  const std::size_t shifted_runs =
      study.uncertain.size() * study.points.size() *
      static_cast<std::size_t>(std::min(kShiftReplications, study.settings.replications));
  StudyResults results = run(study, part_of(options, done, shifted_runs), model);
  if (study.uncertain.empty() || results.interrupted) return results;
  for (std::size_t i = 0; i < study.uncertain.size(); ++i) {
    const UncertainParameter& parameter = study.uncertain[i];
    const double deviations = step(parameter);
    const Study other_study = shifted(study, parameter, deviations);
    const std::size_t following =
        shifted_runs / study.uncertain.size() * (study.uncertain.size() - i - 1);
    const StudyResults other = run(other_study, part_of(options, done, following), model);
    if (other.interrupted) {
      results.interrupted = true;
      return results;
    }
    add_shifts(results, other, deviations);
  }
  results.parameters = study.uncertain;
  for (PointResults& point : results.points) {
    for (MetricEstimate& metric : point.metrics) {
      const double half = prediction_half_width(
          metric.samples, parameter_variance(metric.shifts, results.parameters));
      const double value = metric.estimate.value;
      // What is counted or timed cannot be below 0.
      const double low = value >= 0.0 ? std::max(0.0, value - half) : value - half;
      metric.prediction = {{value, low, value + half}};
    }
  }
  return results;
}

StudyResults run_and_predict(const Study& study, const RunOptions& options) {
  return run_and_predict(study, options, Model{});
}

}  // namespace scenarios
