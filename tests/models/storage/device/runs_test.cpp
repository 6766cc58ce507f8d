#include "models/storage/device/runs.hpp"

#include <catch2/catch.hpp>

using models::storage::device::Runs;

namespace {

sim::Bytes at(std::int64_t block) {
  return sim::Bytes{block * 4096};
}
const Runs::Run* follow(Runs& runs, std::int64_t block, std::int64_t blocks = 1) {
  return runs.follow(at(block), at(blocks));
}

}  // namespace

TEST_CASE("what goes on where another ended is a run", "[runs]") {
  Runs runs{4};
  CHECK(follow(runs, 10) == nullptr);
  CHECK(follow(runs, 20) == nullptr);
  const Runs::Run* run = follow(runs, 11, 2);
  REQUIRE(run != nullptr);
  CHECK(run->begin == at(10));
  CHECK(run->end == at(13));
  CHECK(run->length == at(3));
  CHECK(follow(runs, 13) == run);
  CHECK(follow(runs, 11) == nullptr);  // inside of what was, as any other
}

TEST_CASE("accesses of a run may overtake each other", "[runs]") {
  Runs runs{4};
  follow(runs, 0);
  follow(runs, 1);
  CHECK(follow(runs, 3) == nullptr);
  CHECK(follow(runs, 4) != nullptr);  // these two a run of their own until 2 comes
  const Runs::Run* run = follow(runs, 2);
  REQUIRE(run != nullptr);
  CHECK(run->end == at(5));
  CHECK(run->length == at(5));
  CHECK(follow(runs, 6) == nullptr);
  CHECK(follow(runs, 5) == run);
  CHECK(run->end == at(7));
}

TEST_CASE("a run goes on from where it began", "[runs]") {
  Runs runs{4};
  for (int i = 0; i < 4; ++i) follow(runs, i);
  const Runs::Run* run = follow(runs, 0);
  REQUIRE(run != nullptr);
  CHECK(run->end == at(1));
  CHECK(run->length == at(5));
}

TEST_CASE("of runs the one longest not touched makes room", "[runs]") {
  Runs runs{2};
  for (const int begin : {100, 200}) {
    follow(runs, begin);
    follow(runs, begin + 1);
  }
  follow(runs, 102);
  follow(runs, 300);
  follow(runs, 301);
  CHECK(follow(runs, 103) != nullptr);
  CHECK(follow(runs, 202) == nullptr);
}

TEST_CASE("random accesses in between leave a run known", "[runs]") {
  Runs runs{2};
  follow(runs, 0);
  follow(runs, 1);
  for (int i = 0; i < 1000; ++i) follow(runs, 1'000'000 + i * 7919);
  CHECK(follow(runs, 2) != nullptr);
}
