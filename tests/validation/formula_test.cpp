#include "validation/formula.hpp"

#include <catch2/catch.hpp>

#include "scenarios/problems.hpp"

using namespace validation;

namespace {

Point formulas() {
  Point point;
  point.id = "raid.utilisation";
  point.formulas = {"1", "(n-1)/n"};
  return point;
}

Case asking(const std::string& value, std::map<std::string, double> with) {
  Check check;
  check.point = "raid.utilisation";
  check.value = value;
  check.with = std::move(with);
  return {{"case.toml", ""}, {check}};
}

}  // namespace

TEST_CASE("a formula is what it says at a number") {
  CHECK(evaluate("1", {}) == 1.0);
  CHECK(evaluate("1/n", {{"n", 4}}) == 0.25);
  CHECK(evaluate("(n-2)/n", {{"n", 8}}) == 0.75);
  CHECK(evaluate("1/(2n-1)", {{"n", 2}}) == 1.0 / 3.0);
  CHECK(evaluate("-2 * (a + b) - 1", {{"a", 1}, {"b", 2}}) == -7.0);
}

TEST_CASE("what is no formula has no value") {
  CHECK_FALSE(evaluate("", {}));
  CHECK_FALSE(evaluate("1/n", {}));
  CHECK_FALSE(evaluate("1/n", {{"n", 0}}));
  CHECK_FALSE(evaluate("(1", {}));
  CHECK_FALSE(evaluate("1 +", {}));
  CHECK_FALSE(evaluate("1 2", {}));
}

TEST_CASE("a check gives a recorded formula its value") {
  std::vector<Point> points{formulas()};
  settle_formulas(points, {asking("formulas[1]", {{"n", 8}})});
  REQUIRE(points[0].values.size() == 1);
  CHECK(points[0].values[0].name == "formulas[1]");
  CHECK(points[0].values[0].value == 7.0 / 8.0);
}

TEST_CASE("a formula's numbers must be given") {
  std::vector<Point> points{formulas()};
  CHECK_THROWS_WITH(settle_formulas(points, {asking("formulas[1]", {})}),
                    Catch::Contains("need `with`"));
}
