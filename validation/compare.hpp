// Holds predictions against recorded values: relative error, interval, bound.
//
// relative error = (predicted - recorded) / recorded
// A point with several values is compared value by value; its error is the one of median size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/metric_kind.hpp"
#include "validation/points.hpp"

namespace validation {

// A prediction in the unit of its recorded value, with its 90 % prediction interval: where the
// next run would fall, as scenarios/prediction.hpp has it.
struct Prediction {
  double value = 0.0;
  double lo = 0.0;
  double hi = 0.0;
  std::vector<double> samples{};  // of the replications
  double known_half = 0.0;        // half of the interval without what the models leave out
  double of_models = 0.0;         // what a relative error of 1 of that moves the value by
  models::Subject subject = models::Subject::computing;  // what its metric tells of most
};

enum class Status { within, outside, bound_kept, bound_broken, uncovered };

// "within", "outside", "bound-kept", "bound-broken", "uncovered".
std::string_view name(Status status);

// One recorded value and its prediction.
struct ValueRecord {
  std::string value;  // "value", "values[2]", "matrix[0][1]", "read.count"
  double recorded = 0.0;
  Prediction predicted;
  std::optional<double> relative_error;  // empty when recorded is zero
};

// What a baseline says of a point, where it says anything.
struct BaselinePrediction {
  double value = 0.0;
  std::optional<double> relative_error;
};

// One point: what was recorded, what is predicted, and how they compare.
struct Record {
  std::string id;
  std::string subsystem;
  Role role = Role::validate;
  std::string unit;
  Bound bound = Bound::none;
  std::vector<ValueRecord> values;       // covered: one per recorded value
  std::optional<double> recorded;        // of the value of median error; uncovered: the first
  std::optional<Prediction> predicted;   // empty: uncovered
  std::optional<double> relative_error;  // empty: uncovered, a bound, or recorded zero
  Status status = Status::uncovered;
  std::string reason;    // uncovered: why
  std::string scenario;  // covered: file of the case
  std::optional<BaselinePrediction> fluid_cpu;
  std::optional<BaselinePrediction> rule_of_thumb;
};

// `predictions` has one entry per value of the point, in its order; throws sim::ModelError else.
Record compare(const Point& point, const std::vector<Prediction>& predictions);

// A point that no case covers.
Record uncovered(const Point& point, std::string reason);

}  // namespace validation
