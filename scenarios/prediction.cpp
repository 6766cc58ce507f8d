#include "scenarios/prediction.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <future>
#include <numeric>
#include <utility>

#include "models/metric_kind.hpp"
#include "scenarios/combine.hpp"
#include "scenarios/design.hpp"
#include "scenarios/general.hpp"
#include "scenarios/plan.hpp"
#include "scenarios/read.hpp"

namespace scenarios {
namespace {

double correlation(const UncertainParameter& a, const UncertainParameter& b) {
  if (a.file != b.file) return 0.0;
  if (a.key == b.key) return 1.0;
  const auto stated = a.correlation.find(b.key);
  if (stated != a.correlation.end()) return stated->second;
  const auto reverse = b.correlation.find(a.key);
  return reverse != b.correlation.end() ? reverse->second : 0.0;
}

// As far from the parameter's value as its bounds allow, in deviations; sign is 1 or -1.
double step(const UncertainParameter& parameter, int sign) {
  double length = parameter.deviation;
  if (sign > 0 && parameter.high) length = std::min(length, *parameter.high - parameter.value);
  if (sign < 0 && parameter.low) length = std::min(length, parameter.value - *parameter.low);
  return sign * length / parameter.deviation;
}

struct Planned {
  Study study;
  Plan plan;
};

// The study with each parameter moved by its sign, to be run once with the seed of a replication.
Study moved(const Study& study, const std::vector<UncertainParameter>& parameters,
            const std::vector<int>& signs, std::size_t replication) {
  std::vector<Assumption> assumed;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const UncertainParameter& one = parameters[i];
    assumed.push_back({one.file, one.key, one.value + step(one, signs[i]) * one.deviation});
  }
  Study other = read_again(study, assumed);
  other.settings.replications = 1;
  other.first_replication = replication;
  return other;
}

const MetricEstimate* find_metric(const PointResults& point, const std::string& name) {
  const auto found = std::find_if(point.metrics.begin(), point.metrics.end(),
                                  [&](const MetricEstimate& m) { return m.name == name; });
  return found != point.metrics.end() ? &*found : nullptr;
}

// What the moved run adds to the metrics over the replication that it shares its seed with.
void add_differences(StudyResults& results, const StudyResults& other, std::size_t replication) {
  for (std::size_t p = 0; p < results.points.size(); ++p) {
    for (MetricEstimate& metric : results.points[p].metrics) {
      const MetricEstimate* moved = find_metric(other.points[p], metric.name);
      const bool paired = moved != nullptr && replication < metric.samples.size();
      metric.shifts.push_back(paired ? moved->samples.front() - metric.samples[replication] : 0.0);
    }
  }
}

// How many factors have the column of this one, or its opposite.
int factors_of_column(const std::vector<std::vector<int>>& design, std::size_t factor) {
  int same = 0;
  for (std::size_t other = 0; other < design.front().size(); ++other) {
    int product = 0;
    for (const std::vector<int>& run : design) product += run[factor] * run[other];
    same += product != 0 ? 1 : 0;
  }
  return same;
}

// From the differences of runs to the effect of each parameter's deviation.
void to_effects(std::vector<double>& shifts, const std::vector<std::vector<int>>& design,
                const std::vector<UncertainParameter>& parameters) {
  const std::vector<double> differences = std::move(shifts);
  shifts.assign(parameters.size(), 0.0);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    for (std::size_t r = 0; r < design.size(); ++r) shifts[i] += design[r][i] * differences[r];
    const double apart = step(parameters[i], 1) - step(parameters[i], -1);
    const double runs =
        static_cast<double>(design.size()) * std::sqrt(factors_of_column(design, i));
    shifts[i] *= apart > 0.0 ? 2.0 / apart / runs : 0.0;
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

Mixture made_of(const PointResults& point, const std::string& metric) {
  Mixture mixture{};
  const std::string_view absolute = models::relative_of(metric);
  const models::MetricKind* kind = models::kind_of(absolute.empty() ? metric : absolute);
  const bool of_guest = kind != nullptr && (kind->name.starts_with("vm.<vm>.throughput") ||
                                            kind->name.starts_with("vm.<vm>.latency") ||
                                            kind->name == "vm.<vm>.instructions");
  if (of_guest) {
    const auto time = std::find_if(
        point.time.begin(), point.time.end(),
        [&](const models::TimeShares& one) { return metric.starts_with(one.object + "."); });
    const std::array<double, models::kCauses> none{};
    const auto& seconds = time != point.time.end() ? time->per_unit_s : none;
    const double all_s = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    for (std::size_t cause = 0; all_s > 0.0 && cause < seconds.size(); ++cause) {
      const auto subject = models::subject_of(static_cast<models::Cause>(cause));
      mixture[static_cast<std::size_t>(subject)] += seconds[cause] / all_s;
    }
    if (all_s > 0.0) return mixture;
  }
  mixture[static_cast<std::size_t>(models::subject_of(metric))] = 1.0;
  return mixture;
}

ErrorParts error_parts(const std::string& metric, double value, const Mixture& mixture) {
  if (models::is_timed(metric)) return {1.0, 1.0, mixture};
  const std::string_view absolute = models::relative_of(metric);
  if (absolute.empty() || !models::is_timed(absolute)) return {};
  // Exactly 1 is a point that is its own baseline: nothing is measured.
  return value == 1.0 ? ErrorParts{} : error_parts_of_ratio(value, mixture);
}

ErrorParts error_parts_of_ratio(double ratio, const Mixture& mixture) {
  const double effect = ratio > 0.0 ? std::min(1.0, std::abs(std::log(ratio))) : 1.0;
  return {effect, std::sqrt(2.0), mixture};
}

double left_out(const ErrorLevels& errors, const ErrorParts& parts) {
  double squares = 0.0;
  for (std::size_t subject = 0; subject < parts.mixture.size(); ++subject)
    squares += std::pow(errors.discrepancy[subject] * parts.mixture[subject], 2);
  return std::hypot(std::sqrt(squares) * parts.models, errors.repeatability * parts.measurement);
}

StudyResults run_and_predict(const Study& study, const RunOptions& options, const Model& model) {
  std::vector<UncertainParameter> parameters = study.uncertain;
  parameters.insert(parameters.end(), study.general.begin(), study.general.end());
  const auto replications = static_cast<std::size_t>(std::max(1, study.settings.replications));
  // A study that is content with few replications does not want to wait for many other runs.
  const auto design = two_level_design(parameters.size(), replications > 4 ? kMostRuns : 4);
  // Reading a large sweep again takes about as long as short runs: done beside them.
  const auto reading = options.jobs == 1 ? std::launch::deferred : std::launch::async;
  const auto read = [&](std::size_t r) {
    return std::async(reading, [&, r] {
      Planned planned{moved(study, parameters, design[r], r % replications), {}};
      planned.plan = make_plan(planned.study, options, model);
      return planned;
    });
  };
  std::future<Planned> next;
  if (!design.empty()) next = read(0);
  std::size_t done = 0;
  StudyResults results =
      run(study, part_of(options, done, design.size() * study.points.size()), model);
  if (results.interrupted) return results;
  for (std::size_t r = 0; r < design.size(); ++r) {
    const Planned planned = next.get();
    if (r + 1 < design.size()) next = read(r + 1);
    const std::size_t following = (design.size() - r - 1) * study.points.size();
    const StudyResults other =
        run(planned.study, planned.plan, part_of(options, done, following), model);
    if (other.interrupted) {
      results.interrupted = true;
      return results;
    }
    add_differences(results, other, r % replications);
  }
  results.parameters = std::move(parameters);
  results.errors = general().errors;
  for (PointResults& point : results.points) {
    for (MetricEstimate& metric : point.metrics) {
      to_effects(metric.shifts, design, results.parameters);
      const Estimate& own = metric.estimate;
      metric.mixture = made_of(point, metric.name);
      const double error =
          own.value * left_out(results.errors, error_parts(metric.name, own.value, metric.mixture));
      const double variance = parameter_variance(metric.shifts, results.parameters) + error * error;
      const double half = prediction_half_width(metric.samples, variance);
      metric.prediction = inside_limits(metric.name, {own.value, std::min(own.lo, own.value - half),
                                                      std::max(own.hi, own.value + half)});
    }
  }
  return results;
}

StudyResults run_and_predict(const Study& study, const RunOptions& options) {
  return run_and_predict(study, options, Model{});
}

}  // namespace scenarios
