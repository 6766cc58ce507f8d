// A case: a scenario that reproduces the conditions of recorded points, and checks that say which
// metric of its results is compared with which recorded value.
//
//   [[check]]
//   point = "numa.64core.24vm.pinned"
//   metric = "vm.guest.throughput.relative"
//   at = { "vm.guest.count" = 24, "vm.guest.pin" = "core" }
//
// What else a check may say: `value = "values[1]"`, the value meant when a point has several;
// `relative_to = { metric = "...", at = {...} }`, the metric is divided by another of the same
// study; `inverse = true`, one over the metric (a time from a rate); `scale` and `offset`:
// predicted = offset + scale * metric, into the recorded unit; `above = 1`, of an ordering: 1 where
// that is above 1, else 0. They apply in this order. `best = { metric = "...", over = "..." }`: of
// the sweep's points, the one where the first is greatest, divided by the second if that is given.
//
// Points of request counts have many values. A table says once for the file which metric each of
// them is; a check without `metric` then compares all values that its point has:
//
//   [values]
//   "read.count" = "vm.guest.image.reads"
//
// A formula is compared at the numbers that a check gives: `value = "formulas[0]"`,
// `with = { n = 8 }`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"
#include "validation/points.hpp"
#include "validation/source_files.hpp"

namespace validation {

// A metric of a study's results. `at` names enough coordinates to single out one sweep point.
struct MetricAt {
  std::string metric;
  scenarios::Coordinates at;
};

// Which sweep point a check is about: where metric / over is greatest.
struct Best {
  std::string metric;
  std::string over;  // empty: metric alone
};

struct Check {
  int line = 0;
  int column = 0;
  std::string point;
  std::string value;      // empty: the point's only one
  bool of_table = false;  // from [values]: the point need not have this value
  MetricAt predicted;
  std::optional<MetricAt> relative_to;
  bool difference = false;  // from `relative_to`, instead of the ratio
  bool inverse = false;
  double scale = 1.0;
  double offset = 0.0;
  std::map<std::string, double> with{};  // the numbers of a formula, by name
  std::optional<double> above;
  std::optional<Best> best{};  // instead of one that `at` singles out
};

struct Case {
  TextFile file;
  std::vector<Check> checks;
};

// Why points without a case have none: the first rule that fits.
struct UncoveredRule {
  std::string id;         // exact, or a prefix that ends in "*"; empty: any
  std::string subsystem;  // exact; empty: any
  std::string reason;

  bool fits(const Point& point) const;
};

struct CaseLibrary {
  std::vector<Case> cases;
  std::vector<UncoveredRule> uncovered;
};

// Cases, and from a file named uncovered.toml the rules. Throws scenarios::ScenarioError with
// every mistake: broken TOML, an unknown or missing key of a check, a number that is not finite.
CaseLibrary read_cases(const std::vector<TextFile>& files);

bool is_uncovered_table(const std::string& file_name);

}  // namespace validation
