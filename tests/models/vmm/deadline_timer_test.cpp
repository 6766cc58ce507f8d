#include "models/vmm/deadline_timer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace models::vmm;

namespace {

// Exit and entry 700, dispatch 400, arming 1,100, the interrupt 500.
DeadlineTimer timer(ExitCosts costs = {}, bool advance = false) {
  return {costs, {sim::Cycles{700}}, sim::Hertz{2.5e9}, {.advance = advance}};
}

}  // namespace

TEST_CASE("a deadline that is due comes with the entry after its write") {
  CHECK(timer().fire(sim::Cycles{0}) == sim::Cycles{2'700});
  ExitCosts fast;
  fast.fast_path = true;
  CHECK(timer(fast).fire(sim::Cycles{0}) == sim::Cycles{2'050});
  ExitCosts guarded;
  guarded.mitigations = sim::Cycles{400};
  CHECK(timer(guarded).fire(sim::Cycles{0}) == sim::Cycles{3'100});
}

// The count begins an entry (350) late; then an exit and an entry (1,100) and the interrupt.
TEST_CASE("one ahead comes late by an exit") {
  CHECK(timer().fire(sim::Cycles{3'000}) == sim::Cycles{3'000 + 350 + 1'100 + 500});
}

TEST_CASE("one ahead takes an exit to arm and another when it comes, one that is due the first") {
  DeadlineTimer own = timer();
  own.fire(sim::Cycles{3'000});
  CHECK(own.exits() == 2);
  own.fire(sim::Cycles{1'000});
  CHECK(own.exits() == 1);
}

TEST_CASE("one that the write itself outlasts is due") {
  CHECK(timer().fire(sim::Cycles{1'000}) == timer().fire(sim::Cycles{0}));
}

TEST_CASE("an adaptive timer is set early until the interrupt comes at an entry after its time") {
  DeadlineTimer adaptive = timer({}, true);
  for (int i = 0; i < 100; ++i) adaptive.fire(sim::Cycles{20'000});
  const sim::Cycles comes = adaptive.fire(sim::Cycles{20'000});
  CHECK(comes >= sim::Cycles{20'000 + 350 + 500});
  CHECK(comes <= sim::Cycles{20'000 + 350 + 500 + 100});
  CHECK(adaptive.advance() < sim::Cycles{12'500});
}

TEST_CASE("an advance beyond five microseconds begins anew at one") {
  ExitCosts slow;
  slow.dispatch = sim::Cycles{16'000};
  DeadlineTimer adaptive = timer(slow, true);
  sim::Cycles most{0};
  for (int i = 0; i < 1000; ++i) {
    adaptive.fire(sim::Cycles{200'000});
    most = std::max(most, adaptive.advance());
  }
  CHECK(most <= sim::Cycles{12'500});
}
