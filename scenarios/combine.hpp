// What the replications of a study say together: means, intervals, ratios to the baseline, reasons.
//
// Replications of two points are paired (they share their random numbers), so a ratio is formed
// replication by replication and then averaged: what both have in common cancels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/results.hpp"
#include "scenarios/run.hpp"

namespace scenarios {

// Replications of one scenario in order; empty where one is not finished.
using Replications = std::vector<std::optional<models::Results>>;

// The baseline's replications for each VM class of a point, in the order of its classes; null
// where the baseline has no class of that name.
using Baselines = std::vector<const Replications*>;

// What a point's metrics are divided by, and which: each class's throughput always, beside it
// what Study::relative names.
struct Against {
  Baselines classes;
  const Replications* host = nullptr;  // for metrics of no class; null: none
  const std::vector<std::string>& wanted;
};

// How the extra seconds per unit of work over the baseline divide over causes, largest first.
// Causes that cost less than in the baseline do not count against the others.
std::vector<Reason> reasons(const models::TimeShares& own, const models::TimeShares& baseline);

// The part of a metric's interval that the metric can take: from 0, a share up to 1.
Estimate inside_limits(const std::string& metric, Estimate interval);

// Expects at least one finished replication.
PointResults combine(const Point& point, const Replications& own, const Against& against,
                     double confidence);

}  // namespace scenarios
