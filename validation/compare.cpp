#include "validation/compare.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/error.hpp"

namespace validation {

namespace {

bool inside(const ValueRecord& value) {
  return value.predicted.lo <= value.recorded && value.recorded <= value.predicted.hi;
}

ValueRecord record_of(const RecordedValue& recorded, const Prediction& predicted) {
  ValueRecord value{recorded.name, recorded.value, predicted, std::nullopt};
  if (recorded.value != 0.0)
    value.relative_error = (predicted.value - recorded.value) / recorded.value;
  return value;
}

// The value whose error is of median size; of an even number the larger of the middle two.
const ValueRecord& median_of(const std::vector<ValueRecord>& values) {
  std::vector<const ValueRecord*> order;
  for (const ValueRecord& value : values) order.push_back(&value);
  const auto size = [](const ValueRecord* value) {
    return value->relative_error ? std::abs(*value->relative_error) : 0.0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const ValueRecord* a, const ValueRecord* b) { return size(a) < size(b); });
  return *order[order.size() / 2];
}

bool kept(Bound bound, double predicted, double limit) {
  switch (bound) {
    case Bound::below:
      return predicted < limit;
    case Bound::up_to:
      return predicted <= limit;
    case Bound::may_exceed:
      return predicted > limit;
    case Bound::none:
      break;
  }
  throw sim::ModelError{"a point without a bound has none to keep"};
}

Record header_of(const Point& point) {
  Record record;
  record.id = point.id;
  record.subsystem = point.subsystem;
  record.role = point.role;
  record.unit = point.unit;
  record.bound = point.bound;
  if (!point.values.empty()) record.recorded = point.values.front().value;
  return record;
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::within:
      return "within";
    case Status::outside:
      return "outside";
    case Status::bound_kept:
      return "bound-kept";
    case Status::bound_broken:
      return "bound-broken";
    case Status::uncovered:
      return "uncovered";
  }
  throw sim::ModelError{"unknown status"};
}

Record compare(const Point& point, const std::vector<Prediction>& predictions) {
  if (predictions.size() != point.values.size() || predictions.empty())
    throw sim::ModelError{point.id + ": need one prediction for each recorded value"};
  Record record = header_of(point);
  for (std::size_t i = 0; i < predictions.size(); ++i)
    record.values.push_back(record_of(point.values[i], predictions[i]));

  const ValueRecord& median = median_of(record.values);
  record.recorded = median.recorded;
  record.predicted = median.predicted;
  if (point.bound == Bound::none) {
    record.relative_error = median.relative_error;
    const bool all_inside = std::all_of(record.values.begin(), record.values.end(), inside);
    record.status = all_inside ? Status::within : Status::outside;
  } else {
    const bool all_kept =
        std::all_of(record.values.begin(), record.values.end(), [&](const ValueRecord& value) {
          return kept(point.bound, value.predicted.value, value.recorded);
        });
    record.status = all_kept ? Status::bound_kept : Status::bound_broken;
  }
  return record;
}

Record uncovered(const Point& point, std::string reason) {
  Record record = header_of(point);
  record.reason = std::move(reason);
  return record;
}

}  // namespace validation
