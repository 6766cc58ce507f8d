#include "models/storage/raid/hold_list.hpp"

#include <catch2/catch.hpp>

using namespace models::storage::raid;

namespace {

struct Held {
  Held() {
    for (Row& row : rows) {
      row.state = Row::State::held;
      list.add(row);
    }
  }
  Row* next(bool full_stripes) {
    Row* row = list.next(full_stripes);
    if (row != nullptr) row->state = Row::State::handled;
    return row;
  }
  Row rows[3];
  HoldList list;
};

}  // namespace

TEST_CASE("rows that are held go in turn when no full stripe is under way", "[raid]") {
  Held held;
  for (Row& row : held.rows) CHECK(held.next(false) == &row);
  CHECK(held.next(false) == nullptr);
}

// The first that passes finds another head than the last one did and counts nothing.
TEST_CASE("behind full stripes a row goes for each that passes above the threshold", "[raid]") {
  Held held;
  for (int i = 0; i < 2; ++i) held.list.passed();
  CHECK(held.next(true) == nullptr);
  held.list.passed();
  CHECK(held.next(true) == &held.rows[0]);
  CHECK(held.next(true) == nullptr);
  for (int i = 0; i < 3; ++i) held.list.passed();
  CHECK(held.next(true) == &held.rows[1]);
}

TEST_CASE("a row that was filled and is held again goes behind the others", "[raid]") {
  Held held;
  held.rows[0].state = Row::State::queued;
  held.rows[0].state = Row::State::held;
  held.list.add(held.rows[0]);
  for (const int i : {1, 2, 0}) CHECK(held.next(false) == &held.rows[i]);
  CHECK(held.next(false) == nullptr);
}

TEST_CASE("a row that was filled meanwhile is held no longer", "[raid]") {
  Held held;
  held.rows[0].state = Row::State::queued;
  held.rows[1].state = Row::State::handled;
  CHECK(held.next(false) == &held.rows[2]);
  CHECK(held.next(false) == nullptr);
}
