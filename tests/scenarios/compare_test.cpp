#include "scenarios/compare.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

const Difference& metric(const ComparedPoint& point, const std::string& name) {
  for (const Difference& d : point.metrics) {
    if (d.metric == name) return d;
  }
  throw std::runtime_error{"no metric " + name};
}

}  // namespace

TEST_CASE("a study against itself differs in nothing, exactly") {
  const Comparison c = compare(fake::study({1, 2}), fake::study({1, 2}), {}, fake::model());
  REQUIRE(c.points.size() == 2);
  for (const ComparedPoint& point : c.points) {
    for (const Difference& d : point.metrics) {
      CHECK(d.none());
      CHECK(d.difference.value == 0.0);
      CHECK(d.difference.lo == d.difference.hi);
    }
  }
}

TEST_CASE("paired differences cancel what both draw alike") {
  Study more = fake::study({1, 2});
  more.settings.seed = 77;  // gives way to the first study's seed
  for (Point& point : more.points) {
    point.scenario.study.seed = 77;
    models::VmDescription extra;
    extra.name = "extra";
    point.scenario.host.vms.push_back(extra);
  }
  const Comparison c = compare(fake::study({1, 2}), more, {}, fake::model());
  const Difference& d = metric(c.points.front(), "vm.guest.throughput");
  // 120 against 60, times a jitter of 0.9 to 1.1 that both share.
  CHECK_FALSE(d.none());
  CHECK(d.second.value == Approx(d.first.value / 2.0));
  CHECK(d.relative()->value == Approx(-0.5));
  CHECK(d.relative()->hi < 0.0);
  CHECK(c.points.front().only_second == std::vector<std::string>{"vm.extra.throughput",
                                                                 "vm.extra.throughput.relative",
                                                                 "vm.extra.cpu.steal"});
  CHECK(metric(c.points.front(), "vm.guest.cpu.steal").none());
}

TEST_CASE("studies without a common point cannot be compared") {
  CHECK_THROWS_AS(compare(fake::study({1, 2}), fake::study({3}), {}, fake::model()),
                  sim::ConfigError);
}
