#include "validation/case.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "validation/formula.hpp"
#include "validation/plan.hpp"

using namespace validation;

namespace {

CaseLibrary read(const std::string& text, const std::string& name = "case.toml") {
  return read_cases({{name, text}});
}

Point point(const std::string& id, std::vector<RecordedValue> values) {
  Point made;
  made.id = id;
  made.subsystem = "numa";
  made.values = std::move(values);
  return made;
}

}  // namespace

TEST_CASE("a check names point, metric, coordinates and the way into the recorded unit") {
  const auto library = read(R"([[check]]
point = "p"
metric = "vm.a.throughput"
at = { "vm.a.count" = 24, "vm.a.pin" = "core" }
relative_to = { metric = "vm.a.throughput", at = { "vm.a.count" = 1 } }
inverse = true
scale = -1
offset = 1.5
above = 2
)");
  REQUIRE(library.cases.size() == 1);
  const Check& check = library.cases[0].checks.at(0);
  CHECK(check.line == 1);
  CHECK(check.point == "p");
  CHECK(check.value.empty());
  CHECK(check.predicted.metric == "vm.a.throughput");
  REQUIRE(check.predicted.at.size() == 2);
  CHECK(std::get<std::int64_t>(check.predicted.at[0].second) == 24);
  CHECK(std::get<std::string>(check.predicted.at[1].second) == "core");
  REQUIRE(check.relative_to.has_value());
  CHECK(check.relative_to->at.size() == 1);
  CHECK(check.inverse);
  CHECK(check.scale == -1.0);
  CHECK(check.offset == 1.5);
  CHECK(check.above == 2.0);
}

TEST_CASE("unknown keys and missing ones of a check are refused with their place") {
  CHECK_THROWS_WITH(read("[[check]]\npoint = \"p\"\nmetrik = \"m\"\n"),
                    Catch::Contains("case.toml:3:1") && Catch::Contains("metrik") &&
                        Catch::Contains("metric: missing"));
  CHECK_THROWS_WITH(read("[study]\ntitle = \"t\"\n"), Catch::Contains("no [[check]]"));
  CHECK_THROWS_WITH(read("[[check]]\npoint = \"p\"\nmetric = \"m\"\nscale = nan\n"),
                    Catch::Contains("case.toml:4:"));
}

TEST_CASE("the first rule of uncovered.toml that fits a point gives its reason") {
  const auto library = read(R"([[uncovered]]
id = "io.ssd*"
reason = "ssd"
[[uncovered]]
subsystem = "numa"
reason = "numa"
)",
                            "validation/cases/uncovered.toml");
  CHECK(library.cases.empty());
  REQUIRE(library.uncovered.size() == 2);
  CHECK(library.uncovered[0].fits(point("io.ssd.raw", {})));
  CHECK_FALSE(library.uncovered[0].fits(point("io.hdd", {})));
  CHECK(library.uncovered[1].fits(point("anything", {})));
  CHECK_THROWS_WITH(read("[[uncovered]]\nreason = \"x\"\n", "uncovered.toml"),
                    Catch::Contains("need an id, a subsystem"));
}

TEST_CASE("a plan covers a point only when each of its values has one check") {
  const std::vector<Point> points{point("one", {{"value", 1}}),
                                  point("two", {{"values[0]", 1}, {"values[1]", 2}})};
  const auto plan_of = [&](const std::string& checks) {
    const auto library = read(checks);
    return make_plan(points, library.cases, false).size();
  };
  const auto check = [](const std::string& id, const std::string& value) {
    return "[[check]]\npoint = \"" + id + "\"\nmetric = \"m\"\n" +
           (value.empty() ? "" : "value = \"" + value + "\"\n");
  };
  CHECK(plan_of(check("one", "")) == 1);
  CHECK(plan_of(check("one", "") + check("two", "values[1]") + check("two", "values[0]")) == 2);
  CHECK_THROWS_WITH(plan_of(check("two", "values[0]")), Catch::Contains("no check for values[1]"));
  CHECK_THROWS_WITH(plan_of(check("two", "")), Catch::Contains("values[0], values[1]"));
  CHECK_THROWS_WITH(plan_of(check("one", "") + check("one", "")),
                    Catch::Contains("case.toml:4:1") && Catch::Contains("another check"));
}

TEST_CASE("a table of values says once which metrics checks without one compare") {
  const auto library = read(R"([values]
"read.count" = "vm.a.image.reads"
"sync.count" = "vm.a.image.syncs"
[[check]]
point = "both"
at = { "vm.a.count" = 2 }
scale = 2
[[check]]
point = "reads"
[[check]]
point = "other"
metric = "vm.a.throughput"
)");
  REQUIRE(library.cases.at(0).checks.size() == 5);
  const Check& first = library.cases[0].checks[0];
  CHECK(first.line == 4);
  CHECK(first.value == "read.count");
  CHECK(first.predicted.metric == "vm.a.image.reads");
  CHECK(first.predicted.at.size() == 1);
  CHECK(first.scale == 2);
  const std::vector<Point> points{point("both", {{"read.count", 1}, {"sync.count", 2}}),
                                  point("reads", {{"read.count", 1}}),
                                  point("other", {{"value", 1}})};
  const Plan plan = make_plan(points, library.cases, false);
  REQUIRE(plan.size() == 3);
  CHECK(plan.at("both").at(1).check->value == "sync.count");
  CHECK(plan.at("reads").size() == 1);
  CHECK_THROWS_WITH(
      make_plan({point("both", {{"read.count", 1}, {"write.count", 2}}), points[1], points[2]},
                library.cases, false),
      Catch::Contains("no check for write.count"));
  CHECK_THROWS_WITH(read("values = 3\n[[check]]\npoint = \"p\"\n"),
                    Catch::Contains("values: need a table"));
}

TEST_CASE("a check of an unknown point is a mistake unless the data are someone else's") {
  const auto library = read("[[check]]\npoint = \"nowhere\"\nmetric = \"m\"\n");
  CHECK_THROWS_WITH(make_plan({}, library.cases, false), Catch::Contains("no recorded point"));
  CHECK(make_plan({}, library.cases, true).empty());
}

TEST_CASE("every embedded point has a case or a written reason") {
  auto points = read_points(embedded_data());
  const auto library = read_cases(embedded_cases());
  settle_formulas(points, library.cases);
  const auto plan = make_plan(points, library.cases, false);
  for (const Point& p : points) {
    if (plan.contains(p.id)) continue;
    const bool reasoned = std::any_of(library.uncovered.begin(), library.uncovered.end(),
                                      [&](const UncoveredRule& rule) { return rule.fits(p); });
    INFO(p.id);
    CHECK(reasoned);
  }
}
