#include "scenarios/prediction.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

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
  REQUIRE(results.parameters.front().key == "host.controller.latency");
  const MetricEstimate& metric = results.points.front().metrics.front();
  REQUIRE(metric.name == "vm.guest.throughput");
  REQUIRE(metric.shifts.size() == results.parameters.size());
  // 1 a ns, a deviation is 6 ns; a column that others share splits the variance among them.
  // Downwards it goes as far as a deviation, upwards half of one: 4.5 is what the column does.
  const double variance = parameter_variance(metric.shifts, results.parameters);
  CHECK(variance >= Approx(4.5 * 4.5));
  CHECK(variance <= Approx(36.0));
  REQUIRE(metric.prediction.has_value());
  const double error = metric.estimate.value * left_out(results.errors, {1.0, 1.0});
  CHECK(metric.prediction->hi - metric.prediction->value ==
        Approx(prediction_half_width(metric.samples, variance + error * error)));
  CHECK(last == total);
}

TEST_CASE("every metric has a prediction interval, around its confidence interval") {
  const StudyResults results = run_and_predict(fake::study({1, 2}), {}, fake::model());
  CHECK(results.parameters.empty());
  for (const auto& point : results.points) {
    for (const auto& metric : point.metrics) {
      REQUIRE(metric.prediction.has_value());
      CHECK(metric.prediction->lo <= metric.estimate.lo);
      CHECK(metric.prediction->hi >= metric.estimate.hi);
    }
  }
}

TEST_CASE("ratios carry less of the models' error, counts and shares none") {
  constexpr Mixture kComputing{1.0};
  CHECK(error_parts("vm.guest.throughput", 5.0, kComputing).models == 1.0);
  CHECK(error_parts("vm.guest.io.latency.mean", 5.0, kComputing).models == 1.0);
  CHECK(error_parts("vm.guest.image.reads", 5.0, kComputing).models == 0.0);
  CHECK(error_parts("vm.guest.image.reads", 5.0, kComputing).measurement == 0.0);
  CHECK(error_parts("vm.guest.cpu.steal", 0.5, kComputing).models == 0.0);
  CHECK(error_parts("vm.guest.throughput.relative", 0.9, kComputing).models ==
        Approx(-std::log(0.9)));
  CHECK(error_parts("vm.guest.throughput.relative", 1.0, kComputing).measurement == 0.0);
  CHECK(error_parts_of_ratio(10.0, kComputing).models == 1.0);
  CHECK(error_parts_of_ratio(0.5, kComputing).measurement == Approx(std::sqrt(2.0)));
}

TEST_CASE("what a guest gets done errs as what its time goes to") {
  PointResults point;
  models::TimeShares& time = point.time.emplace_back();
  time.object = "vm.web";
  const auto seconds = [&](models::Cause cause) -> double& {
    return time.per_unit_s[static_cast<std::size_t>(cause)];
  };
  seconds(models::Cause::running) = 1.0;
  seconds(models::Cause::storage) = 2.0;
  seconds(models::Cause::image_metadata) = 1.0;
  CHECK(made_of(point, "vm.web.throughput") == Mixture{0.25, 0.75, 0.0});
  CHECK(made_of(point, "vm.web.throughput.relative") == Mixture{0.25, 0.75, 0.0});
  CHECK(made_of(point, "vm.other.throughput") == Mixture{1.0, 0.0, 0.0});
  CHECK(made_of(point, "vm.web.io.latency.p99") == Mixture{0.0, 1.0, 0.0});
  CHECK(made_of(point, "vm.web.net.throughput") == Mixture{0.0, 0.0, 1.0});
  CHECK(made_of(point, "vm.web.memory.latency") == Mixture{1.0, 0.0, 0.0});
  const ErrorLevels errors{.discrepancy = {0.02, 0.2, 0.1}, .repeatability = 0.0};
  CHECK(left_out(errors, {1.0, 1.0, {0.25, 0.75, 0.0}}) == Approx(std::hypot(0.005, 0.15)));
}

// A truth drawn from what is declared: sum of the controller's latency, of links and of cycles of
// switches, each with an error of its own, and a measurement of it.
TEST_CASE("intervals cover nine of ten truths that are drawn from what is declared") {
  Model model = fake::model();
  const auto answer = [](const models::HostDescription& host) {
    return sim::seconds(host.hardware.controller.latency) * 1e9 +
           2.0 * sim::seconds(host.hardware.links.front().latency) * 1e9 +
           20.0 * sim::seconds(host.vmm.context_switch) * 1e6;
  };
  model.simulate = [&](const models::HostDescription& host, const models::RunLength& length,
                       const models::SimulateOptions& options) {
    models::Results results = fake::simulate(host, length, options);
    results.metrics.front().value = answer(host) + 50.0 * (fake::jitter(options.seed) - 1.0);
    return results;
  };
  const Study study = uncertain_study();
  const StudyResults results = run_and_predict(study, {}, model);
  const MetricEstimate& metric = results.points.front().metrics.front();
  REQUIRE(metric.prediction.has_value());
  std::mt19937_64 random{7};
  std::normal_distribution<double> normal;
  constexpr int kTruths = 2000;
  int inside = 0;
  for (int i = 0; i < kTruths; ++i) {
    std::vector<Assumption> truth;
    for (const UncertainParameter& one : results.parameters)
      truth.push_back({one.file, one.key, one.value + one.deviation * normal(random)});
    const double value = answer(read_again(study, truth).points.front().scenario.host);
    const double spread = 50.0 * (0.2 * static_cast<double>(random() % 1000) / 1000.0 - 0.1);
    const double error = 1.0 + results.errors.repeatability * normal(random) +
                         results.errors.discrepancy[0] * normal(random);
    inside += metric.prediction->contains((value + spread) * error) ? 1 : 0;
  }
  CHECK(inside > 0.87 * kTruths);
  CHECK(inside < 0.96 * kTruths);  // four replications: t(3) is wide
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
