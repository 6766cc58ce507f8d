#include "scenarios/limit.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

const std::string kStudy =
    "[study]\nduration = \"1 s\"\n[host]\nuse = \"nehalem-x5570-2s\"\n"
    "[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
    "[sweep]\n\"vm.guest.pin\" = [\"none\", \"core\"]\n\"vm.guest.count\" = [4, 1, 2]\n";

Study with_limit(const std::string& limit, const std::string& more = "") {
  return read_text(kStudy + "[report]\nlimit = " + limit + "\n" + more, "a.toml");
}

std::string refusal(const std::string& limit) {
  try {
    with_limit(limit);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

// The fake model's n VMs each have 1 / n of the throughput of one alone.
struct Found {
  explicit Found(const std::string& limit)
      : study{with_limit(limit)}, results{run(study, {}, fake::model())} {}
  Study study;
  StudyResults results;
  Capacities all = capacities(study, results);
};

}  // namespace

TEST_CASE("a limit is a metric, a side and a value, of the baseline or in the metric's unit") {
  const Study study = with_limit(
      "[\"latency.p99 <= 2 x baseline\", \"throughput>=90% of the baseline\", "
      "\"vm.guest.latency.p50 <= 5 ms\", \"cpu.steal <= 20 %\", \"host.swap.used <= 1 GiB\", "
      "\"net.transactions >= 1000/s\", \"throughput.relative >= 0.5\"]");
  REQUIRE(study.limits.size() == 7);
  const auto is = [&](std::size_t i, const std::string& metric, bool at_most, double bound) {
    INFO(study.limits[i].text);
    CHECK(study.limits[i].metric == metric);
    CHECK(study.limits[i].at_most == at_most);
    CHECK(study.limits[i].bound == Approx(bound));
  };
  is(0, "latency.p99.relative", true, 2.0);
  is(1, "throughput.relative", false, 0.9);
  is(2, "vm.guest.latency.p50", true, 0.005);
  is(3, "cpu.steal", true, 0.2);
  is(4, "host.swap.used", true, 1024.0 * 1024.0 * 1024.0);
  is(5, "net.transactions", false, 1000.0);
  is(6, "throughput.relative", false, 0.5);
  CHECK(study.relative == std::vector<std::string>{"latency.p99", "throughput", "throughput"});
}

TEST_CASE("what is no limit says where and what is needed") {
  using Catch::Contains;
  CHECK_THAT(refusal("\"latncy.p99 <= 5 ms\""),
             Contains("did you mean \"latency.p99\"?") && Contains("a.toml:13:9"));
  CHECK_THAT(refusal("[\"throughput >= 1/s\",\n\"latency.p99 <= 5\"]"),
             Contains("a.toml:14:1") && Contains("a time"));
  CHECK_THAT(refusal("\"latency.p99 = 5 ms\""), Contains("<= or >="));
  CHECK_THAT(refusal("\"latency.p99 < 5 ms\""), Contains("<= or >="));
  CHECK_THAT(refusal("\"latency.p99 <= two x baseline\""), Contains("got \"two\""));
  CHECK_THAT(refusal("3"), Contains("<= or >="));
  CHECK_THAT(refusal("\"vm.gest.latency.p99 <= 5 ms\""), Contains("did you mean \"guest\"?"));
  CHECK_THAT(refusal("\"host.memory.free >= 50 % of baseline\""), Contains("report.baseline"));
}

TEST_CASE(
    "metrics of the host have a baseline where a point is it, written after the limit or not") {
  const Study study =
      with_limit("\"host.memory.free >= 50 % of baseline\"",
                 "baseline = { \"vm.guest.pin\" = \"core\", \"vm.guest.count\" = 1 }\n");
  CHECK(study.limits.front().metric == "host.memory.free.relative");
}

TEST_CASE(
    "counts are followed for each of what else is swept, up to the first that breaks a limit") {
  const Found found{"\"throughput >= 40 % of baseline\""};
  const Capacities& all = found.all;
  CHECK(all.key == "vm.guest.count");
  REQUIRE(all.list.size() == 2);
  for (const Capacity& own : all.list) {
    REQUIRE(own.points.size() == 3);
    CHECK(std::get<std::int64_t>(*own.points[2].value) == 4);  // ascending, not as written
    CHECK(own.kept() == 2);
    CHECK(own.kept_from() == 3);
    CHECK(own.points[2].decisive.metric->estimate.value == Approx(0.25));
    CHECK(own.points[2].decisive.certain());
  }
  CHECK(std::get<std::string>(all.list[1].others.front().second) == "core");
}

TEST_CASE("of several limits the one that is broken, or nearest to it, is told") {
  const Found found{"[\"cpu.steal <= 26 %\", \"throughput >= 40 % of baseline\"]"};
  const Capacities& all = found.all;
  const auto& points = all.list.front().points;
  CHECK(points[0].decisive.metric->name == "vm.guest.cpu.steal");
  CHECK(points[2].decisive.metric->name == "vm.guest.throughput.relative");
  CHECK_FALSE(points[2].kept);
}

TEST_CASE("an interval or a prediction interval across the bound leaves the limit open") {
  Limit limit{"", "throughput", false, 10.0};
  MetricEstimate metric{"vm.guest.throughput", {11.0, 9.0, 13.0}};
  const Judged across{&limit, &metric};
  CHECK(across.kept());
  CHECK_FALSE(across.certain());
  metric.estimate = {11.0, 10.5, 11.5};
  CHECK(across.certain());
  CHECK(across.safe());
  metric.prediction = Estimate{11.0, 8.0, 14.0};
  CHECK(across.certain());
  CHECK_FALSE(across.safe());
}

TEST_CASE("a limit that few break and many keep is kept from a point on") {
  const Found found{"\"throughput <= 70 % of baseline\""};
  const Capacities& all = found.all;
  CHECK(all.list.front().kept() == 0);
  CHECK(all.list.front().kept_from() == 1);  // from 2 on: a half
}

TEST_CASE(
    "keys that are swept together with the one that is followed make no answer of their own") {
  const std::string study =
      "[study]\nduration = \"1 s\"\n[host]\nuse = \"nehalem-x5570-2s\"\n"
      "[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
      "[sweep]\n\"vm.guest.pin\" = [\"none\", \"core\"]\n"
      "\"vm.guest.count, vm.guest.memory\" = [[1, \"4 GiB\"], [2, \"2 GiB\"], "
      "[4, \"1 GiB\"]]\n[report]\n"
      "limit = \"throughput.relative >= 40 %\"\n";
  const Study read = read_text(study, "a.toml");
  const StudyResults results = run(read, {}, fake::model());
  const Capacities all = capacities(read, results);
  CHECK(all.key == "vm.guest.count");
  REQUIRE(all.list.size() == 2);
  CHECK(all.list[0].others == Coordinates{{"vm.guest.pin", "none"}});
  CHECK(all.list[0].points.size() == 3);
}
