#include "models/storage/raid/stripe_plan.hpp"

#include <bit>
#include <catch2/catch.hpp>

using namespace models::storage::raid;

namespace {

// Data on 0, 1, ...; P last on RAID 5, P and Q last on RAID 6; all disks there, nothing cached.
RowState row(int members, int parities) {
  RowState state;
  state.members = members;
  state.p = members - parities;
  state.q = parities == 2 ? members - 1 : -1;
  state.present = (Blocks{1} << members) - 1;
  return state;
}

RowState write_to(RowState state, Blocks data) {
  state.written = state.whole = data;
  return state;
}

struct Ios {
  Method method;
  int reads;
  int writes;
  bool operator==(const Ios&) const = default;
};

Ios ios(const RowState& state) {
  const RowPlan plan = plan_row(state);
  return {plan.method, std::popcount(plan.reads), std::popcount(plan.writes & state.present)};
}

constexpr Method kRmw = Method::read_modify_write;
constexpr Method kRcw = Method::reconstruct_write;

}  // namespace

TEST_CASE("a small write on raid5 of n disks: the cheaper way, ties reconstruct", "[raid]") {
  CHECK(ios(write_to(row(3, 1), 1)) == Ios{kRcw, 1, 2});
  CHECK(ios(write_to(row(4, 1), 1)) == Ios{kRcw, 2, 2});
  CHECK(ios(write_to(row(5, 1), 1)) == Ios{kRmw, 2, 2});
  CHECK(ios(write_to(row(6, 1), 1)) == Ios{kRmw, 2, 2});
}

TEST_CASE("a small write on raid6 of n disks", "[raid]") {
  CHECK(ios(write_to(row(4, 2), 1)) == Ios{kRcw, 1, 3});
  CHECK(ios(write_to(row(5, 2), 1)) == Ios{kRcw, 2, 3});
  CHECK(ios(write_to(row(6, 2), 1)) == Ios{kRcw, 3, 3});
  CHECK(ios(write_to(row(7, 2), 1)) == Ios{kRmw, 3, 3});
  CHECK(ios(write_to(row(8, 2), 1)) == Ios{kRmw, 3, 3});
}

TEST_CASE("rmw_level 2 prefers read-modify-write in a tie, 0 never takes it", "[raid]") {
  RowState four = write_to(row(4, 1), 1);
  four.rmw_level = 2;
  CHECK(ios(four) == Ios{kRmw, 2, 2});
  RowState eight = write_to(row(8, 2), 1);
  eight.rmw_level = 0;
  CHECK(ios(eight) == Ios{kRcw, 5, 3});
}

TEST_CASE("a full stripe reads nothing and writes every disk once", "[raid]") {
  for (int n = 3; n <= 8; ++n) {
    CHECK(ios(write_to(row(n, 1), (Blocks{1} << (n - 1)) - 1)) == Ios{Method::full_stripe, 0, n});
  }
  for (int n = 4; n <= 8; ++n) {
    CHECK(ios(write_to(row(n, 2), (Blocks{1} << (n - 2)) - 1)) == Ios{Method::full_stripe, 0, n});
  }
}

TEST_CASE("more written blocks turn read-modify-write into reconstruction", "[raid]") {
  // 6 disks: rmw = written + 1, rcw = 5 - written.
  CHECK(ios(write_to(row(6, 1), 0b00001)) == Ios{kRmw, 2, 2});
  CHECK(ios(write_to(row(6, 1), 0b00011)) == Ios{kRcw, 3, 3});
  CHECK(ios(write_to(row(6, 1), 0b00111)) == Ios{kRcw, 2, 4});
}

TEST_CASE("cached blocks need no read", "[raid]") {
  RowState five = write_to(row(5, 1), 1);
  five.cached = 0b10001;  // the data and P
  CHECK(ios(five) == Ios{kRmw, 0, 2});
  CHECK(plan_row(five).saved == 2);
  five.cached = 0b10000;
  CHECK(ios(five) == Ios{kRmw, 1, 2});
  five.cached = 0b01110;  // all other data
  CHECK(ios(five) == Ios{kRcw, 0, 2});
}

TEST_CASE("a block written in part is read first", "[raid]") {
  RowState five = row(5, 1);
  five.written = 1;
  CHECK(ios(five) == Ios{kRmw, 2, 2});
  RowState three = row(3, 1);
  three.written = 1;  // its block is read in any case: rmw 1 more, rcw 1 more
  CHECK(ios(three) == Ios{kRcw, 2, 2});
}

TEST_CASE("beyond what the resync has reached parity is not trusted", "[raid]") {
  RowState five = write_to(row(5, 1), 1);
  five.synced = false;
  CHECK(ios(five) == Ios{kRcw, 3, 2});
}

TEST_CASE("a degraded read computes the block from all others", "[raid]") {
  for (int n = 3; n <= 6; ++n) {
    RowState five = row(n, 1);
    five.present &= ~Blocks{1};
    five.read = 1;
    CHECK(ios(five) == Ios{Method::read, n - 1, 0});
    CHECK(plan_row(five).computes);
  }
  // md computes only when all but one block are there: Q is read, too.
  RowState six = row(6, 2);
  six.present &= ~Blocks{1};
  six.read = 1;
  CHECK(ios(six) == Ios{Method::read, 5, 0});
  six.present &= ~Blocks{2};
  CHECK(ios(six) == Ios{Method::read, 4, 0});
}

TEST_CASE("a degraded write on raid5", "[raid]") {
  for (int n = 4; n <= 6; ++n) {
    RowState state = write_to(row(n, 1), 1);
    state.present = ((Blocks{1} << n) - 1) & ~Blocks{1};
    // Its own disk is missing: the other data is read, only P is written.
    CHECK(ios(state) == Ios{kRcw, n - 2, 1});
    // Another data disk is missing: old data and parity, even where reconstruction was cheaper.
    state.present = ((Blocks{1} << n) - 1) & ~Blocks{2};
    CHECK(ios(state) == Ios{kRmw, 2, 2});
    // The parity's disk is missing: md reads the other data all the same.
    state.present = ((Blocks{1} << (n - 1)) - 1);
    CHECK(ios(state) == Ios{kRcw, n - 2, 1});
  }
}

TEST_CASE("a write of a part of a missing block reads everything", "[raid]") {
  RowState state = row(5, 1);
  state.written = 1;
  state.present &= ~Blocks{1};
  const RowPlan plan = plan_row(state);
  CHECK(std::popcount(plan.reads) == 4);
  CHECK(plan.computes);
}

TEST_CASE("raid6 without read-modify-write reads everything when other data is missing", "[raid]") {
  RowState state = write_to(row(6, 2), 1);
  state.rmw_level = 0;
  state.present &= ~Blocks{2};
  CHECK(ios(state) == Ios{kRcw, 5, 3});
}
