#include "models/vmm/halt_poll.hpp"

#include <catch2/catch.hpp>

using namespace models::vmm;

namespace {

constexpr sim::Duration us(std::int64_t n) {
  return sim::Duration{n * 1'000'000};
}
const HaltPollTunables kKvm{.most = us(200), .grow_start = us(10), .grow = 2, .shrink = 0};

}  // namespace

// semantics.md 3.1.
TEST_CASE("the window starts at 10 us and doubles up to its limit") {
  HaltPoll poll{kKvm};
  CHECK(poll.window() == us(0));
  for (const int expected : {10, 20, 40, 80, 160}) {
    poll.learn(us(199));
    CHECK(poll.window() == us(expected));
  }
  poll.learn(us(199));
  CHECK(poll.window() == us(200));
  poll.learn(us(199));
  CHECK(poll.window() == us(200));
}

TEST_CASE("waits within the window leave it alone, long ones end polling") {
  HaltPoll poll{kKvm};
  poll.learn(us(15));
  poll.learn(us(15));
  REQUIRE(poll.window() == us(20));
  poll.learn(us(20));
  CHECK(poll.window() == us(20));
  poll.learn(us(5000));
  CHECK(poll.window() == us(0));
  poll.learn(us(5000));
  CHECK(poll.window() == us(0));
}

TEST_CASE("a divisor shrinks the window by steps, below the start to nothing") {
  HaltPollTunables gentle = kKvm;
  gentle.shrink = 2;
  HaltPoll poll{gentle};
  for (int i = 0; i < 3; ++i) poll.learn(us(150));
  REQUIRE(poll.window() == us(40));
  poll.learn(us(1000));
  CHECK(poll.window() == us(20));
  poll.learn(us(1000));
  CHECK(poll.window() == us(10));
  poll.learn(us(1000));
  CHECK(poll.window() == us(0));
}

TEST_CASE("without a limit there is no polling") {
  HaltPollTunables off;
  HaltPoll poll{off};
  poll.learn(us(15));
  CHECK(poll.window() == us(0));
}
