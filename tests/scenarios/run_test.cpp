#include "scenarios/run.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <mutex>
#include <new>
#include <set>

#include "scenarios/combine.hpp"
#include "sim/error.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;
using models::Cause;

namespace {

StudyResults run_fake(const Study& study, RunOptions options = {}) {
  return run(study, options, fake::model());
}

const Estimate& metric(const PointResults& point, const std::string& name) {
  for (const auto& known : point.metrics) {
    if (known.name == name) return known.estimate;
  }
  throw std::runtime_error{"no metric " + name};
}

bool identical(const StudyResults& a, const StudyResults& b) {
  if (a.points.size() != b.points.size() || a.events != b.events) return false;
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    const auto& x = a.points[i];
    const auto& y = b.points[i];
    if (x.metrics.size() != y.metrics.size()) return false;
    for (std::size_t m = 0; m < x.metrics.size(); ++m) {
      const Estimate& p = x.metrics[m].estimate;
      const Estimate& q = y.metrics[m].estimate;
      if (p.value != q.value || p.lo != q.lo || p.hi != q.hi) return false;
    }
    for (std::size_t v = 0; v < x.time.size(); ++v) {
      if (x.time[v].share != y.time[v].share) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("results are bit-identical for any number of jobs") {
  const Study study = fake::study({1, 2, 3, 4, 5, 6}, 7);
  RunOptions one;
  one.jobs = 1;
  RunOptions four;
  four.jobs = 4;
  CHECK(identical(run_fake(study, one), run_fake(study, four)));
}

TEST_CASE("replications of all points share their seeds, and replications differ") {
  std::mutex mutex;
  std::multiset<std::uint64_t> seeds;
  Model model = fake::model();
  model.simulate = [&](const auto& host, const auto& length, const auto& options) {
    const std::lock_guard lock{mutex};
    seeds.insert(options.seed);
    return fake::simulate(host, length, options);
  };
  run(fake::study({1, 2, 3}, 4), {}, model);
  REQUIRE(seeds.size() == 12);
  CHECK(std::set<std::uint64_t>(seeds.begin(), seeds.end()).size() == 4);
  for (const std::uint64_t seed : seeds) CHECK(seeds.count(seed) == 3);
}

TEST_CASE("relative throughput is formed within pairs of replications") {
  // Throughput varies by 10 % between replications, its ratio to the baseline not at all.
  const StudyResults results = run_fake(fake::study({1, 4}));
  const Estimate& own = metric(results.points[1], "vm.guest.throughput");
  CHECK(own.lo < own.value);
  const Estimate& relative = metric(results.points[1], "vm.guest.throughput.relative");
  CHECK(relative.value == Approx(0.25));
  CHECK(relative.hi - relative.lo < 1e-12);
  const Estimate& baseline = metric(results.points[0], "vm.guest.throughput.relative");
  CHECK(baseline.value == 1.0);
  CHECK(baseline.lo == 1.0);
  CHECK(baseline.hi == 1.0);
}

TEST_CASE("reasons divide the extra time per unit of work") {
  // 0.003 s of controllers to 0.001 s of links for each further VM.
  const StudyResults results = run_fake(fake::study({1, 4}));
  CHECK(results.points[0].reasons[0].empty());
  const auto& reasons = results.points[1].reasons[0];
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0].cause == Cause::controller_queueing);
  CHECK(reasons[0].share == Approx(0.75));
  CHECK(reasons[1].cause == Cause::link_queueing);
  CHECK(reasons[1].share == Approx(0.25));
}

TEST_CASE("no reasons are given for what is printed as 100.0 % of the baseline") {
  const auto of_baseline = [](double share) {
    Model model = fake::model();
    model.simulate = [=](const auto& host, const auto& length, const auto& options) {
      models::Results results = fake::simulate(host, length, options);
      results.metrics[0].value = host.vms[0].count == 1 ? 100.0 : 100.0 * share;
      return results;
    };
    return run(fake::study({1, 4}), {}, model).points[1].reasons[0];
  };
  CHECK(of_baseline(0.9996).empty());
  CHECK_FALSE(of_baseline(0.9994).empty());
}

TEST_CASE("reasons tell how many times the baseline's a cause is") {
  models::TimeShares base, own;
  base.per_unit_s[static_cast<std::size_t>(Cause::running)] = 2.0;
  own.per_unit_s[static_cast<std::size_t>(Cause::running)] = 5.0;
  own.per_unit_s[static_cast<std::size_t>(Cause::steal)] = 1.0;
  const std::vector<Reason> all = reasons(own, base);
  REQUIRE(all.size() == 2);
  CHECK(all[0].times == 5.0 / 2.0);
  CHECK(all[1].times == 0.0);  // the baseline had none
}

TEST_CASE("of a class that did no work the reasons are the shares of its time") {
  models::TimeShares base, own;
  base.per_unit_s[static_cast<std::size_t>(Cause::running)] = 2.0;
  own.share[static_cast<std::size_t>(Cause::idle)] = 0.25;
  own.share[static_cast<std::size_t>(Cause::steal)] = 0.75;
  const std::vector<Reason> all = reasons(own, base);
  REQUIRE(all.size() == 2);
  CHECK(all[0].cause == Cause::steal);
  CHECK(all[0].share == 0.75);
  CHECK(all[1].cause == Cause::idle);
  CHECK(all[1].share == 0.25);
}

TEST_CASE("without a baseline each class is compared with itself alone on the host") {
  Study study = fake::study({2});
  study.baseline.clear();
  models::VmDescription other;
  other.name = "other";
  other.count = 1;
  study.points[0].scenario.host.vms.push_back(other);
  const StudyResults results = run_fake(study);
  REQUIRE(results.points.size() == 1);
  CHECK(metric(results.points[0], "vm.guest.throughput.relative").value == Approx(1.0 / 3.0));
  CHECK(metric(results.points[0], "vm.other.throughput.relative").value == Approx(1.0 / 3.0));
  CHECK(results.events == 10 * 4 * 3);  // the point and two classes alone, four times
}

TEST_CASE("a point that is a class alone on its host is its own baseline") {
  Study study = fake::study({1, 2});
  study.baseline.clear();
  const StudyResults results = run_fake(study);
  CHECK(results.events == 10 * 4 * 2);
  CHECK(metric(results.points[0], "vm.guest.throughput.relative").lo == 1.0);
  CHECK(metric(results.points[1], "vm.guest.throughput.relative").value == Approx(0.5));
}

TEST_CASE("a class that does no work has no relative throughput") {
  Study study = fake::study({1, 2});
  for (Point& point : study.points) point.scenario.host.vms[0].workload.idle = true;
  const StudyResults results = run_fake(study);
  CHECK_THROWS(metric(results.points[1], "vm.guest.throughput.relative"));
  CHECK(results.points[1].reasons[0].empty());
}

TEST_CASE("the interval of a mean is Student's") {
  // Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445: half-width 1.963243.
  const Estimate five = sim::mean_interval({1, 2, 3, 4, 5}, 0.95);
  CHECK(five.value == 3.0);
  CHECK(five.hi - five.value == Approx(1.963243).epsilon(1e-6));
  CHECK(five.value - five.lo == Approx(1.963243).epsilon(1e-6));
  const Estimate one = sim::mean_interval({7.5}, 0.95);
  CHECK(one.lo == 7.5);
  CHECK(one.hi == 7.5);
}

TEST_CASE("a cancelled study keeps what is finished") {
  std::atomic<bool> cancel = false;
  RunOptions options;
  options.jobs = 1;
  options.cancel = &cancel;
  // Replications come one after the other: 3 points, then the second replication of two.
  options.progress = [&](const Progress& progress) {
    CHECK(progress.total == 12);
    if (progress.done == 5) cancel = true;
  };
  const StudyResults results = run_fake(fake::study({1, 2, 3}), options);
  CHECK(results.interrupted);
  REQUIRE(results.points.size() == 3);
  CHECK(results.points[0].replications == 1);  // the shortest comes last
  CHECK(results.points[1].replications == 2);
  CHECK(results.points[2].replications == 2);
  CHECK(metric(results.points[2], "vm.guest.throughput.relative").value == Approx(1.0 / 3.0));
}

TEST_CASE("a run that notices the cancellation itself is dropped") {
  Model model = fake::model();
  model.simulate = [](const auto&, const auto&, const auto&) -> models::Results {
    throw models::Cancelled{};
  };
  const StudyResults results = run(fake::study({1, 2}), {}, model);
  CHECK(results.interrupted);
  CHECK(results.points.empty());
}

TEST_CASE("mistakes found in a run name the point") {
  Model model = fake::model();
  model.simulate = [](const auto& host, const auto& length, const auto& options) {
    if (host.vms[0].count == 3) throw sim::ConfigError{"vm.guest: does not fit"};
    return fake::simulate(host, length, options);
  };
  RunOptions options;
  options.jobs = 4;
  CHECK_THROWS_WITH(run(fake::study({1, 2, 3}), options, model),
                    "vm.guest.count = 3: vm.guest: does not fit");
}

TEST_CASE("a host that does not fit into memory is the input's mistake") {
  Model model = fake::model();
  model.simulate = [](const auto&, const auto&, const auto&) -> models::Results {
    throw std::bad_alloc{};
  };
  CHECK_THROWS_AS(run(fake::study({1}), {}, model), sim::ConfigError);
  CHECK_THROWS_WITH(run(fake::study({1}), {}, model), Catch::Contains("not enough memory"));
}

TEST_CASE("an impossible point is found before anything is simulated") {
  std::atomic<int> runs = 0;
  Model model = fake::model();
  model.check = [](const auto& host) {
    if (host.vms[0].count == 2) throw sim::ConfigError{"impossible"};
  };
  model.simulate = [&](const auto& host, const auto& length, const auto& options) {
    ++runs;
    return fake::simulate(host, length, options);
  };
  CHECK_THROWS_AS(run(fake::study({1, 2}), {}, model), sim::ConfigError);
  CHECK(runs == 0);
}

TEST_CASE("violations say in which replication, also of baselines alone") {
  Study study = fake::study({2}, 2);
  study.baseline.clear();
  Model model = fake::model();
  model.simulate = [](const auto& host, const auto& length, const auto& options) {
    models::Results results = fake::simulate(host, length, options);
    if (host.vms[0].count == 1) results.violations = {"time ran backwards"};
    return results;
  };
  const StudyResults results = run(study, {}, model);
  const std::vector<std::string> expected(2, "vm.guest alone: time ran backwards");
  CHECK(results.points[0].violations == expected);
}

TEST_CASE("metrics that are wanted so are divided by the baseline's, of VMs and of the host") {
  Model model = fake::model();
  model.simulate = [](const auto& host, const auto& length, const auto& options) {
    models::Results results = fake::simulate(host, length, options);
    const double n = host.vms[0].count;
    results.metrics.push_back({"vm.guest.latency.p99", n * fake::jitter(options.seed)});
    results.metrics.push_back({"host.switches", 10.0 * n});
    return results;
  };
  Study study = fake::study({1, 4});
  study.relative = {"latency.p99", "host.switches"};
  const StudyResults results = run(study, {}, model);
  const Estimate& latency = metric(results.points[1], "vm.guest.latency.p99.relative");
  CHECK(latency.value == Approx(4.0));
  CHECK(latency.hi - latency.lo < 1e-12);  // paired: the jitter cancels
  CHECK(metric(results.points[1], "host.switches.relative").value == Approx(4.0));
  CHECK_THROWS(metric(results.points[1], "vm.guest.cpu.steal.relative"));
}
