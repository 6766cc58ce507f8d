// What a study wants of its points, and which values of a swept key keep it: "how many fit until
// p99 doubles".
//
//   [report]
//   limit = ["latency.p99 <= 2 x baseline", "throughput >= 90 % of baseline",
//            "host.swap.used <= 0 B"]
//
// A point keeps its limits when each VM class that has the metric does. The key that is followed is
// the sweep's first `count`, else its first of numbers or quantities; each combination of the
// others has an answer of its own.
// Checked tests/scenarios/limit_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

// `report.limit`, one text or several, of VM classes with these names; what is of the baseline is
// added to Study::relative.
void read_limits(const Node& node, const std::vector<std::string_view>& names, Study& study,
                 Problems& problems);

// A metric of a point against a limit.
struct Judged {
  const Limit* limit;
  const MetricEstimate* metric;
  bool kept() const { return inside(metric->estimate.value); }
  // The confidence interval is on one side of the bound.
  bool certain() const;
  // The prediction interval keeps it, too; without one, the confidence interval does.
  bool safe() const;

 private:
  bool inside(double value) const;
};

struct JudgedPoint {
  const PointResults* point;
  std::optional<SweepValue> value;  // of the key that is followed
  Judged decisive;                  // what is furthest over its bound, or nearest to it
  bool kept = true;
  bool safe = true;
};

// Points that differ in the followed key alone, its values ascending.
struct Capacity {
  Coordinates others;
  std::vector<JudgedPoint> points;
  std::optional<SweepValue> too_large{};  // the least value that the host is too small for

  // Behind the last point up to which all keep the limits; `safely`, their prediction intervals do.
  std::size_t kept(bool safely = false) const;
  // The first point from which on all keep them; the number of points: there is none.
  std::size_t kept_from() const;
};

struct Capacities {
  std::string key;  // that is followed; empty: each point stands alone
  std::vector<Capacity> list;
};

// Points without any of the metrics are left out.
Capacities capacities(const Study& study, const StudyResults& results);

}  // namespace scenarios
