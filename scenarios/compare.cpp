#include "scenarios/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace scenarios {
namespace {

const PointResults* at_same_place(const StudyResults& results, const Coordinates& at) {
  const auto found = std::find_if(results.points.begin(), results.points.end(),
                                  [&](const PointResults& point) { return point.at == at; });
  return found != results.points.end() ? &*found : nullptr;
}

const MetricEstimate* metric_of(const PointResults& point, const std::string& name) {
  const auto found = std::find_if(point.metrics.begin(), point.metrics.end(),
                                  [&](const MetricEstimate& m) { return m.name == name; });
  return found != point.metrics.end() ? &*found : nullptr;
}

Difference difference(const MetricEstimate& first, const MetricEstimate& second,
                      double confidence) {
  const std::size_t n = std::min(first.samples.size(), second.samples.size());
  const auto leading = [n](const std::vector<double>& samples) {
    return std::vector<double>(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(n));
  };
  const Estimate paired =
      sim::paired_interval(leading(second.samples), leading(first.samples), confidence);
  return {first.name, first.estimate, second.estimate, paired};
}

ComparedPoint compare_point(const PointResults& first, const PointResults& second,
                            double confidence) {
  ComparedPoint point{first.at, {}, {}, {}};
  for (const MetricEstimate& metric : first.metrics) {
    if (const MetricEstimate* other = metric_of(second, metric.name)) {
      point.metrics.push_back(difference(metric, *other, confidence));
    } else {
      point.only_first.push_back(metric.name);
    }
  }
  for (const MetricEstimate& metric : second.metrics) {
    if (metric_of(first, metric.name) == nullptr) point.only_second.push_back(metric.name);
  }
  return point;
}

bool points_in_common(const Study& first, const Study& second) {
  return std::any_of(first.points.begin(), first.points.end(), [&](const Point& a) {
    return std::any_of(second.points.begin(), second.points.end(),
                       [&](const Point& b) { return a.at == b.at; });
  });
}

}  // namespace

std::optional<Estimate> Difference::relative() const {
  if (first.value == 0.0) return std::nullopt;
  const Estimate share{difference.value / first.value, difference.lo / first.value,
                       difference.hi / first.value};
  return first.value > 0.0 ? share : Estimate{share.value, share.hi, share.lo};
}

Comparison compare(const Study& first, Study second, const RunOptions& options,
                   const Model& model) {
  if (!points_in_common(first, second))
    throw sim::ConfigError{fmt::format(
        "{} and {}: their sweeps have no point in common; need the same keys and values under "
        "[sweep], or none in both",
        first.file, second.file)};
  const auto adopt = [&](StudySettings& settings) {
    settings.seed = first.settings.seed;
    settings.replications = first.settings.replications;
    settings.confidence = first.settings.confidence;
  };
  adopt(second.settings);
  for (Point& point : second.points) adopt(point.scenario.study);
  std::size_t done = 0;
  RunOptions part = options;
  if (options.progress)
    part.progress = [&](const Progress& p) { options.progress({done + p.done, 2 * p.total}); };
  const StudyResults a = run(first, part, model);
  done = first.points.size() * static_cast<std::size_t>(first.settings.replications);
  Comparison comparison;
  comparison.interrupted = a.interrupted;
  if (a.interrupted) return comparison;
  const StudyResults b = run(second, part, model);
  comparison.interrupted = b.interrupted;
  for (const PointResults& point : a.points) {
    if (const PointResults* other = at_same_place(b, point.at))
      comparison.points.push_back(compare_point(point, *other, first.settings.confidence));
  }
  return comparison;
}

}  // namespace scenarios
