#include "validation/points.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "scenarios/read.hpp"

using namespace validation;

namespace {

// One point with the given lines between its head and its role.
std::string point(const std::string& lines, const std::string& role = "validate") {
  return "[[point]]\nid = \"a\"\nsubsystem = \"numa\"\nmetric = \"m\"\nunit = \"ns\"\n" + lines +
         "\nrole = \"" + role + "\"\n";
}

std::vector<Point> read(const std::string& text) {
  return read_points({{"bad.toml", text}});
}

// The whole message of the error that reading gives.
std::string mistakes(const std::string& text) {
  try {
    read(text);
  } catch (const scenarios::ScenarioError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a point keeps its id, unit, role, native figure and place") {
  const auto points = read(point("value = 12.5\nnative = 10", "calibrate"));
  REQUIRE(points.size() == 1);
  CHECK(points[0].id == "a");
  CHECK(points[0].subsystem == "numa");
  CHECK(points[0].unit == "ns");
  CHECK(points[0].role == Role::calibrate);
  CHECK(points[0].bound == Bound::none);
  CHECK(points[0].line == 1);
  REQUIRE(points[0].values.size() == 1);
  CHECK(points[0].values[0].name == "value");
  CHECK(points[0].values[0].value == 12.5);
  CHECK(points[0].native == 10.0);
}

TEST_CASE("values, matrix, series and request counts each become named values") {
  const auto names = [](const std::string& lines) {
    const std::vector<Point> points = read(point(lines));
    std::vector<std::string> all;
    for (const RecordedValue& value : points.at(0).values) all.push_back(value.name);
    return all;
  };
  using Names = std::vector<std::string>;
  CHECK(names("values = [1, 2.5]") == Names{"values[0]", "values[1]"});
  CHECK(names("matrix = [[1, 2], [3, 4]]") ==
        Names{"matrix[0][0]", "matrix[0][1]", "matrix[1][0]", "matrix[1][1]"});
  CHECK(names("series = [[1.0, 5]]") == Names{"series[0][0]", "series[0][1]"});
  CHECK(names("read = { count = 6, bytes = 131328 }\nsync = { count = 2, bytes = 0 }") ==
        Names{"read.count", "read.bytes", "sync.count"});  // a sync carries no data
  CHECK(names("backing_read = { count = 3, bytes = 12 }") ==
        Names{"backing_read.count", "backing_read.bytes"});
}

TEST_CASE("formulas stand without a value") {
  const auto points = read(point("formulas = [\"1/n\", \"1/2\"]"));
  CHECK(points.at(0).values.empty());
  CHECK(points.at(0).formulas == std::vector<std::string>{"1/n", "1/2"});
}

TEST_CASE("bounds are read in the words of the data") {
  CHECK(read(point("bound = \"below\"\nvalue = 1")).at(0).bound == Bound::below);
  CHECK(read(point("bound = \"up to\"\nvalue = 1")).at(0).bound == Bound::up_to);
  CHECK(read(point("bound = \"may exceed\"\nvalue = 1")).at(0).bound == Bound::may_exceed);
  CHECK_THAT(mistakes(point("bound = \"about\"\nvalue = 1")),
             Catch::Contains("bad.toml:6:") && Catch::Contains("may exceed"));
}

TEST_CASE("a value that is not finite is refused at its line") {
  CHECK_THAT(mistakes(point("value = nan")),
             Catch::Contains("bad.toml:6:9") && Catch::Contains("finite"));
  CHECK_THAT(mistakes(point("values = [1.0, inf]")), Catch::Contains("values[1]"));
  CHECK_THAT(mistakes(point("value = \"12\"")), Catch::Contains("need a number"));
}

TEST_CASE("missing id, unit, role or value are all reported together") {
  const std::string text = "[[point]]\nsubsystem = \"numa\"\nmetric = \"m\"\n";
  const std::string all = mistakes(text);
  CHECK_THAT(all, Catch::Contains("id: missing"));
  CHECK_THAT(all, Catch::Contains("unit: missing"));
  CHECK_THAT(all, Catch::Contains("role: missing"));
  CHECK_THAT(all, Catch::Contains("no value"));
  CHECK_THAT(mistakes(point("value = 1", "fit")), Catch::Contains("\"calibrate\" or"));
}

TEST_CASE("an id may stand only once over all files") {
  const TextFile file{"x.toml", point("value = 1")};
  CHECK_THROWS_WITH(read_points({file, {"y.toml", file.text}}),
                    Catch::Contains("y.toml:1:") && Catch::Contains("x.toml:1"));
}

TEST_CASE("broken TOML and a file without points are refused with their place") {
  CHECK_THAT(mistakes("[[point\n"), Catch::Contains("bad.toml:1:"));
  CHECK_THAT(mistakes("point = 3\n"), Catch::Contains("[[point]]"));
  CHECK_THAT(mistakes("[source]\nid = \"x\"\n"), Catch::Contains("no [[point]]"));
}

TEST_CASE("calibration sees calibrate points and bare-metal figures, never what is validated") {
  const std::string validated =
      "[[point]]\nid = \"guest\"\nsubsystem = \"cpu\"\nmetric = \"m\"\n"
      "unit = \"s\"\nvalue = 7\nnative = 6\nrole = \"validate\"\n";
  const std::string hidden =
      "[[point]]\nid = \"hidden\"\nsubsystem = \"cpu\"\nmetric = \"m\"\n"
      "unit = \"s\"\nvalue = 9\nrole = \"validate\"\n";
  const auto points =
      calibration_points({{"a.toml", point("value = 1", "calibrate") + validated + hidden}});
  REQUIRE(points.size() == 2);
  CHECK(points[0].id() == "a");
  CHECK(points[0].values()[0].value == 1.0);
  CHECK(points[1].id() == "guest.native");
  REQUIRE(points[1].values().size() == 1);
  CHECK(points[1].values()[0].value == 6.0);
}

TEST_CASE("embedded data and cases are the files of the source tree, byte for byte") {
  CHECK(read_points(embedded_data()).size() >= 490);
  for (const auto* files : {&embedded_data(), &embedded_cases()}) {
    for (const TextFile& file : *files) {
      std::ifstream in{std::string{TENANCY_SOURCE_DIR} + "/" + file.name, std::ios::binary};
      const std::string text{std::istreambuf_iterator<char>{in}, {}};
      CHECK(text == file.text);
    }
  }
}
