#include "sim/interval.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "sim/tally.hpp"

namespace sim {

namespace {

std::vector<double> means_of(const std::vector<double>& series, std::size_t batches) {
  const std::size_t size = series.size() / batches;
  std::vector<double> means;
  for (std::size_t b = 0; b < batches; ++b) {
    double sum = 0.0;
    for (std::size_t i = b * size; i < (b + 1) * size; ++i) sum += series[i];
    means.push_back(sum / static_cast<double>(size));
  }
  return means;
}

}  // namespace

Interval mean_interval(const std::vector<double>& samples, double confidence) {
  const bool equal = std::all_of(samples.begin(), samples.end(),
                                 [&](double sample) { return sample == samples.front(); });
  if (equal) return {samples.front(), samples.front(), samples.front()};
  double sum = 0.0;
  for (const double sample : samples) sum += sample;
  const auto n = static_cast<double>(samples.size());
  const double mean = sum / n;
  double squares = 0.0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const boost::math::students_t_distribution<double> t{n - 1.0};
  const double half =
      boost::math::quantile(t, 0.5 + confidence / 2.0) * std::sqrt(squares / (n - 1.0) / n);
  return {mean, mean - half, mean + half};
}

Interval paired_interval(const std::vector<double>& a, const std::vector<double>& b,
                         double confidence) {
  std::vector<double> differences(a.size());
  std::transform(a.begin(), a.end(), b.begin(), differences.begin(), std::minus<>{});
  return mean_interval(differences, confidence);
}

Interval batch_means_interval(const std::vector<double>& series, std::size_t batches,
                              double confidence) {
  return mean_interval(means_of(series, batches), confidence);
}

std::size_t warm_up_length(const std::vector<double>& series) {
  constexpr std::size_t kBatch = 5;
  constexpr std::size_t kShortest = 20;
  if (series.size() < kShortest) return 0;
  const std::vector<double> means = means_of(series, series.size() / kBatch);
  // From the end, so that each tail's variance follows from the next.
  Tally tail;
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t d = means.size(); d-- > 0;) {
    tail.record(means[d]);
    const auto n = static_cast<double>(tail.count());
    const double error = tail.variance() * (n - 1.0) / (n * n);
    if (d <= means.size() / 2 && error <= least) {
      least = error;
      best = d;
    }
  }
  return best * kBatch;
}

}  // namespace sim
