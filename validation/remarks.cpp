#include "validation/remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/uncertain.hpp"

namespace validation {

namespace {

constexpr double kLeastGain = 0.01;  // of the error; below it is the solver's tolerance

std::string at_bound(const scenarios::UncertainParameter& parameter, double value) {
  const bool upper = *parameter.high - value < value - *parameter.low;
  return fmt::format(
      "{} ended at the {} bound of its range, {}: the bound decides it, not the data; give it a "
      "wider range if that is possible, or look for what the cases leave out",
      parameter.key, upper ? "upper" : "lower",
      scenarios::text(parameter, upper ? *parameter.high : *parameter.low));
}

bool all_held(const Fit& fit) {
  return std::all_of(fit.parameters.begin(), fit.parameters.end(),
                     [](const FittedBounded& fitted) { return !fitted.held.empty(); });
}

}  // namespace

double root_mean_square(const std::vector<CalibratedValue>& values, bool after) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const CalibratedValue& value : values) {
    if (value.recorded == 0.0) continue;
    const double error = (after ? value.after : value.before) / value.recorded - 1.0;
    sum += error * error;
    ++count;
  }
  return count > 0 ? std::sqrt(sum / static_cast<double>(count)) : 0.0;
}

std::vector<std::string> remarks(const Calibration& c) {
  std::vector<std::string> all;
  for (std::size_t j = 0; j < c.parameters.size(); ++j) {
    if (c.fit.parameters[j].at_bound)
      all.push_back(at_bound(c.parameters[j], c.fit.parameters[j].value));
  }
  const double before = root_mean_square(c.values, false);
  const double after = root_mean_square(c.values, true);
  if (all_held(c.fit)) {
    all.emplace_back("nothing was fitted: the data tell none of the numbers");
  } else if (after > (1.0 - kLeastGain) * before) {
    all.push_back(fmt::format(
        "the fit gains nothing: with its numbers the recorded values are missed by {:.1f} %, with "
        "the preset's own by {:.1f} %",
        100.0 * after, 100.0 * before));
  }
  return all;
}

}  // namespace validation
