#include "scenarios/prediction.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "scenarios/read.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

UncertainParameter parameter(const std::string& key) {
  UncertainParameter p;
  p.file = "host.toml";
  p.key = key;
  p.deviation = 1.0;
  return p;
}

// What a guest does is its controller's latency in ns, plus noise of the seed.
models::Results latency_model(const models::HostDescription& host, const models::RunLength& length,
                              const models::SimulateOptions& options) {
  models::Results results = fake::simulate(host, length, options);
  results.metrics.front().value =
      sim::seconds(host.hardware.controller.latency) * 1e9 + 10.0 * fake::jitter(options.seed);
  return results;
}

Study uncertain_study() {
  return read_text(R"([study]
duration = "1 s"
warmup = "1 s"
replications = 4
[host]
use = "nehalem-x5570-2s"
controller = { latency = "90 ns" }
[[host.uncertain]]
key = "controller.latency"
deviation = "6 ns"
high = "93 ns"
[[vm]]
name = "guest"
memory = "1 GiB"
workload = "spin"
)",
                   "a.toml");
}

}  // namespace

TEST_CASE("correlated parameters add as their covariance says") {
  UncertainParameter a = parameter("host.a");
  UncertainParameter b = parameter("host.b");
  CHECK(parameter_variance({3.0, 4.0}, {a, b}) == Approx(25.0));
  a.correlation["host.b"] = -1.0;
  CHECK(parameter_variance({3.0, 4.0}, {a, b}) == Approx(1.0));
  b.file = "workload.toml";  // another file's key of the same name is another parameter
  CHECK(parameter_variance({3.0, 4.0}, {a, b}) == Approx(25.0));
}

TEST_CASE("the half-width joins the spread of one more run and the parameters'") {
  // n = 4, s = 1: t(0.90; 3) = 2.3534, 2.3534 sqrt(1 + 1/4) = 2.6312
  const double h = std::sqrt(0.75);
  const std::vector<double> samples{5 - h, 5 + h, 5 - h, 5 + h};
  CHECK(prediction_half_width(samples, 0.0) == Approx(2.6312).epsilon(1e-3));
  CHECK(prediction_half_width({5.0}, 4.0) == Approx(2.0 * 1.6449).epsilon(1e-3));
  CHECK(prediction_half_width(samples, 4.0) == Approx(std::hypot(2.6312, 3.2897)).epsilon(1e-3));
}

TEST_CASE("a parameter's effect is found by paired runs, inside its bounds") {
  Model model = fake::model();
  model.simulate = latency_model;
  RunOptions options;
  std::size_t last = 0;
  std::size_t total = 0;
  options.progress = [&](const Progress& p) {
    last = p.done;
    total = p.total;
  };
  const StudyResults results = run_and_predict(uncertain_study(), options, model);
  REQUIRE(results.parameters.size() == 1);
  const MetricEstimate& metric = results.points.front().metrics.front();
  REQUIRE(metric.name == "vm.guest.throughput");
  REQUIRE(metric.shifts.size() == 1);
  CHECK(metric.shifts.front() == Approx(6.0));  // 1 a ns, a deviation is 6 ns
  REQUIRE(metric.prediction.has_value());
  CHECK(metric.prediction->hi - metric.prediction->value ==
        Approx(prediction_half_width(metric.samples, 36.0)));
  CHECK(last == total);
}

TEST_CASE("presets that are sure of themselves give no prediction interval") {
  const StudyResults results = run_and_predict(fake::study({1, 2}), {}, fake::model());
  CHECK(results.parameters.empty());
  for (const auto& point : results.points) {
    for (const auto& metric : point.metrics) CHECK_FALSE(metric.prediction.has_value());
  }
}

TEST_CASE("no prediction interval of what is counted or timed goes below 0") {
  Model model = fake::model();
  model.simulate = [](const models::HostDescription& host, const models::RunLength& length,
                      const models::SimulateOptions& options) {
    models::Results results = latency_model(host, length, options);
    results.metrics.front().value *= std::exp(30.0 * (fake::jitter(options.seed) - 1.0));
    return results;
  };
  const StudyResults results = run_and_predict(uncertain_study(), {}, model);
  const MetricEstimate& metric = results.points.front().metrics.front();
  REQUIRE(metric.prediction.has_value());
  CHECK(metric.prediction->lo >= 0.0);
  CHECK(metric.prediction->hi - metric.prediction->value > metric.prediction->value);
}
