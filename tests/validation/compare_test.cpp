#include "validation/compare.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace validation;

namespace {

Point point(std::vector<RecordedValue> values, Bound bound = Bound::none) {
  Point made;
  made.id = std::string{"one.point"};
  made.subsystem = "numa";
  made.unit = "ns";
  made.bound = bound;
  made.values = std::move(values);
  return made;
}

Prediction around(double value, double half) {
  return {value, value - half, value + half};
}

}  // namespace

TEST_CASE("the relative error has the sign of the prediction's excess") {
  const Record over = compare(point({{"value", 80}}), {around(88, 10)});
  CHECK(over.relative_error.value() == Approx(0.10));
  CHECK(over.status == Status::within);
  const Record under = compare(point({{"value", 80}}), {around(72, 4)});
  CHECK(under.relative_error.value() == Approx(-0.10));
  CHECK(under.status == Status::outside);
}

TEST_CASE("a point with several values has the error of median size and keeps each value") {
  // errors: +1 %, -20 %, +5 %
  const Record record = compare(point({{"values[0]", 100}, {"values[1]", 100}, {"values[2]", 100}}),
                                {around(101, 0), around(80, 0), around(105, 0)});
  CHECK(record.relative_error.value() == Approx(0.05));
  CHECK(record.predicted->value == 105.0);
  REQUIRE(record.values.size() == 3);
  CHECK(record.values[1].relative_error.value() == Approx(-0.20));
  // Of two, the larger counts: an error is not halved by splitting a point.
  const Record pair =
      compare(point({{"values[0]", 100}, {"values[1]", 100}}), {around(101, 0), around(80, 0)});
  CHECK(pair.relative_error.value() == Approx(-0.20));
}

TEST_CASE("bounds are kept or broken and carry no error") {
  const auto status = [](Bound bound, double predicted) {
    const Record record = compare(point({{"value", 0.5}}, bound), {around(predicted, 0)});
    CHECK_FALSE(record.relative_error.has_value());
    return record.status;
  };
  CHECK(status(Bound::below, 0.49) == Status::bound_kept);
  CHECK(status(Bound::below, 0.50) == Status::bound_broken);
  CHECK(status(Bound::up_to, 0.50) == Status::bound_kept);
  CHECK(status(Bound::up_to, 0.51) == Status::bound_broken);
  CHECK(status(Bound::may_exceed, 0.51) == Status::bound_kept);
  CHECK(status(Bound::may_exceed, 0.50) == Status::bound_broken);
}

TEST_CASE("a recorded zero has no relative error") {
  const Record record = compare(point({{"value", 0}}), {around(1, 2)});
  CHECK_FALSE(record.relative_error.has_value());
  CHECK(record.status == Status::within);
}

TEST_CASE("a missing prediction is our fault, not a skip") {
  CHECK_THROWS_AS(compare(point({{"value", 1}}), {}), sim::ModelError);
}

TEST_CASE("an uncovered point keeps what was recorded and why nothing is predicted") {
  const Record record = uncovered(point({{"value", 3}}), "no disks");
  CHECK(record.status == Status::uncovered);
  CHECK(record.recorded == 3.0);
  CHECK(record.reason == "no disks");
  CHECK_FALSE(record.predicted.has_value());
}
