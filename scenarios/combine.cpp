#include "scenarios/combine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "models/metric_kind.hpp"
#include "sim/error.hpp"

namespace scenarios {

namespace {

using Finished = std::vector<const models::Results*>;

Finished finished(const Replications& replications) {
  Finished all;
  for (const auto& results : replications) {
    if (results) all.push_back(&*results);
  }
  return all;
}

double mean(const std::vector<double>& samples) {
  double sum = 0.0;
  for (const double sample : samples) sum += sample;
  return sum / static_cast<double>(samples.size());
}

const double* value_of(const models::Results& results, const std::string& metric) {
  for (const auto& m : results.metrics) {
    if (m.name == metric) return &m.value;
  }
  return nullptr;
}

// Per paired replication own / baseline; empty when there is no pair, or a baseline did no work.
std::vector<double> ratios(const Replications& own, const Replications& baseline,
                           const std::string& metric) {
  std::vector<double> all;
  for (std::size_t r = 0; r < std::min(own.size(), baseline.size()); ++r) {
    if (!own[r] || !baseline[r]) continue;
    const double* numerator = value_of(*own[r], metric);
    const double* denominator = value_of(*baseline[r], metric);
    if (numerator == nullptr || denominator == nullptr) continue;
    if (!(*denominator > 0.0)) return {};
    all.push_back(*numerator / *denominator);
  }
  return all;
}

models::TimeShares mean_time(const Finished& runs, std::size_t vm_class) {
  models::TimeShares total;
  total.object = runs.front()->time.at(vm_class).object;
  for (const models::Results* run : runs) {
    const models::TimeShares& one = run->time.at(vm_class);
    for (std::size_t c = 0; c < one.share.size(); ++c) {
      total.share[c] += one.share[c];
      total.per_unit_s[c] += one.per_unit_s[c];
    }
  }
  const auto n = static_cast<double>(runs.size());
  for (double& share : total.share) share /= n;
  for (double& time : total.per_unit_s) time /= n;
  return total;
}

std::vector<models::Utilisation> mean_utilisation(const Finished& runs) {
  std::vector<models::Utilisation> means = runs.front()->utilisation;
  for (std::size_t i = 0; i < means.size(); ++i) {
    std::vector<double> samples;
    for (const models::Results* run : runs) samples.push_back(run->utilisation.at(i).utilisation);
    means[i].utilisation = mean(samples);
  }
  return means;
}

std::vector<std::string> all_violations(const Replications& own) {
  std::vector<std::string> all;
  for (std::size_t r = 0; r < own.size(); ++r) {
    if (!own[r]) continue;
    for (const std::string& violation : own[r]->violations)
      all.push_back(fmt::format("replication {}: {}", r + 1, violation));
  }
  return all;
}

std::vector<std::string> first_notes(const Replications& own) {
  for (const auto& run : own) {
    if (run && !run->notes.empty()) return run->notes;
  }
  return {};
}

// A mean with its interval, which ends where the quantity does: at 0, and of shares at 1.
Estimate estimate_of(const std::string& name, const std::vector<double>& samples,
                     double confidence) {
  return inside_limits(name, sim::mean_interval(samples, confidence));
}

// What a metric is to be divided by; null: nothing, or there is none.
const Replications* divisor(const std::string& metric,
                            const std::vector<models::TimeShares>& classes,
                            const Against& against) {
  const auto wanted = [&](std::string_view name) {
    return std::find(against.wanted.begin(), against.wanted.end(), name) != against.wanted.end();
  };
  for (std::size_t v = 0; v < classes.size() && v < against.classes.size(); ++v) {
    const std::string object = classes[v].object + ".";
    if (!metric.starts_with(object)) continue;
    const std::string_view own = std::string_view{metric}.substr(object.size());
    return own == "throughput" || wanted(own) || wanted(metric) ? against.classes[v] : nullptr;
  }
  return wanted(metric) ? against.host : nullptr;
}

// The estimates of one metric, and of those that are wanted so the ratio to the baseline.
void add_metric(PointResults& point, std::size_t metric, const Finished& runs,
                const Replications& own, const Against& against, double confidence) {
  const std::string& name = runs.front()->metrics[metric].name;
  std::vector<double> samples;
  for (const models::Results* run : runs) {
    if (metric >= run->metrics.size() || run->metrics[metric].name != name)
      throw sim::ModelError{fmt::format("{}: not in every replication", name)};
    samples.push_back(run->metrics[metric].value);
  }
  point.metrics.push_back({name, estimate_of(name, samples, confidence), samples});

  const Replications* base = divisor(name, runs.front()->time, against);
  if (base == nullptr) return;
  const std::vector<double> relative = ratios(own, *base, name);
  if (!relative.empty())
    point.metrics.push_back(
        {name + ".relative", estimate_of(name + ".relative", relative, confidence), relative});
}

constexpr double kAlike = 0.9995;  // of the baseline: is printed as 100.0 %

// Reasons are given when the class is slower than its baseline by more than the interval, and by as
// much as is printed.
std::vector<Reason> reasons_of(const PointResults& point, const models::TimeShares& own,
                               const Replications* baseline) {
  if (baseline == nullptr) return {};
  const auto relative = std::find_if(
      point.metrics.begin(), point.metrics.end(),
      [&](const MetricEstimate& m) { return m.name == own.object + ".throughput.relative"; });
  if (relative == point.metrics.end() || !(relative->estimate.hi < 1.0) ||
      relative->estimate.value >= kAlike)
    return {};
  const Finished runs = finished(*baseline);
  const auto& classes = runs.front()->time;
  for (std::size_t v = 0; v < classes.size(); ++v) {
    if (classes[v].object == own.object) return reasons(own, mean_time(runs, v));
  }
  return {};
}

}  // namespace

Estimate inside_limits(const std::string& metric, Estimate interval) {
  // What is counted or timed cannot be below 0.
  if (interval.value >= 0.0) interval.lo = std::max(0.0, interval.lo);
  if (models::is_share(metric)) interval.hi = std::max(interval.value, std::min(1.0, interval.hi));
  return interval;
}

namespace {

// Of a class that did no work: its time went where it went.
std::vector<Reason> reasons_of_none(const models::TimeShares& own) {
  std::vector<Reason> all;
  for (std::size_t c = 0; c < own.share.size(); ++c) {
    if (own.share[c] > 0.0) all.push_back({static_cast<models::Cause>(c), own.share[c]});
  }
  return all;
}

}  // namespace

std::vector<Reason> reasons(const models::TimeShares& own, const models::TimeShares& baseline) {
  std::vector<Reason> all;
  double total = 0.0;
  for (std::size_t c = 0; c < own.per_unit_s.size(); ++c) {
    const double before = baseline.per_unit_s[c];
    const double extra = own.per_unit_s[c] - before;
    if (!(extra > 0.0)) continue;
    all.push_back(
        {static_cast<models::Cause>(c), extra, before > 0.0 ? own.per_unit_s[c] / before : 0.0});
    total += extra;
  }
  for (Reason& reason : all) reason.share /= total;
  const bool worked = std::any_of(own.per_unit_s.begin(), own.per_unit_s.end(),
                                  [](double time_s) { return time_s > 0.0; });
  if (!worked) all = reasons_of_none(own);
  std::stable_sort(all.begin(), all.end(),
                   [](const Reason& a, const Reason& b) { return a.share > b.share; });
  return all;
}

PointResults combine(const Point& point, const Replications& own, const Against& against,
                     double confidence) {
  const Finished runs = finished(own);
  PointResults results;
  results.at = point.at;
  results.replications = static_cast<int>(runs.size());
  for (std::size_t m = 0; m < runs.front()->metrics.size(); ++m)
    add_metric(results, m, runs, own, against, confidence);
  for (std::size_t v = 0; v < runs.front()->time.size(); ++v) {
    results.time.push_back(mean_time(runs, v));
    const Replications* baseline = v < against.classes.size() ? against.classes[v] : nullptr;
    results.reasons.push_back(reasons_of(results, results.time.back(), baseline));
  }
  results.utilisation = mean_utilisation(runs);
  results.notes = first_notes(own);
  results.violations = all_violations(own);
  return results;
}

}  // namespace scenarios
