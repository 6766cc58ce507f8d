#include "sim/event_queue.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "sim/random.hpp"

using sim::Duration;
using sim::EventQueue;
using sim::Instant;
using namespace sim::literals;

namespace {

// The queue beside a stable sorted map under a random mix of operations on `count` events, whose
// times lie up to `spread` ahead, a few of them a thousand times as far.
// How many fired.
int against_oracle(std::uint64_t seed, std::size_t count, std::uint64_t spread, int steps) {
  INFO("seed " << seed << ", " << count << " events, " << spread << " ps ahead");
  sim::Random random{seed, "queue"};
  EventQueue queue;
  std::multimap<std::pair<std::int64_t, int>, EventQueue::Slot> oracle;  // (time, order) -> slot
  std::map<EventQueue::Slot, decltype(oracle)::iterator> where;
  std::vector<EventQueue::Slot> slots;
  for (std::size_t i = 0; i < count; ++i) slots.push_back(queue.acquire());
  int order = 0, fired = 0;
  std::int64_t now = 0;  // nothing is scheduled before the event that fired last
  const auto schedule = [&](EventQueue::Slot slot) {
    const bool distant = random.below(50) == 0;
    const std::int64_t time =
        now + static_cast<std::int64_t>(random.below(distant ? 1000 * spread : spread));
    if (where.contains(slot)) oracle.erase(where[slot]);
    where[slot] = oracle.insert({{time, order++}, slot});
    queue.schedule(slot, Instant{Duration{time}});
    REQUIRE(queue.time(slot) == Instant{Duration{time}});
  };
  for (int step = 0; step < steps; ++step) {
    const EventQueue::Slot slot = slots[random.below(slots.size())];
    const std::uint64_t what = random.below(10);
    if (what < 4) {
      schedule(slot);
    } else if (what < 5) {
      queue.cancel(slot);
      if (where.contains(slot)) {
        oracle.erase(where[slot]);
        where.erase(slot);
      }
      REQUIRE_FALSE(queue.pending(slot));
    } else if (!oracle.empty()) {
      queue.prepare();
      REQUIRE(queue.next_time() == Instant{Duration{oracle.begin()->first.first}});
      now = oracle.begin()->first.first;
      const EventQueue::Slot first = queue.pop();
      REQUIRE(first == oracle.begin()->second);
      ++fired;
      where.erase(first);
      oracle.erase(oracle.begin());
      if (what < 9) schedule(first);
    }
    REQUIRE(queue.size() == oracle.size());
  }
  return fired;
}

}  // namespace

TEST_CASE("the queue orders like a stable sorted map under any mix of operations", "[queue]") {
  CHECK(against_oracle(7, 200, 1000, 50'000) > 50'000 / 4);
  CHECK(against_oracle(8, 3, 10, 2'000) > 2'000 / 4);
  CHECK(against_oracle(9, 5'000, 1'000'000, 60'000) > 60'000 / 4);
  CHECK(against_oracle(10, 5'000, 40, 60'000) > 60'000 / 4);  // many at one instant
  CHECK(against_oracle(11, 20'000, 1'000'000'000'000, 100'000) > 100'000 / 4);
}

TEST_CASE("the queue orders the same when the density of events changes by far", "[queue]") {
  // A thousand timers at 1 ns, then at 1 ms, then at 1 ns again: buckets must follow.
  EventQueue queue;
  std::vector<EventQueue::Slot> slots;
  sim::Random random{3, "density"};
  std::int64_t now = 0;
  for (int i = 0; i < 1000; ++i) {
    slots.push_back(queue.acquire());
    queue.schedule(slots.back(), Instant{Duration{i}});
  }
  for (const std::uint64_t period : {1'000ULL, 1'000'000'000ULL, 1'000ULL}) {
    for (int step = 0; step < 50'000; ++step) {
      queue.prepare();
      const std::int64_t time = queue.next_time().time_since_epoch().count();
      REQUIRE(time >= now);
      now = time;
      queue.schedule(queue.pop(),
                     Instant{Duration{now + static_cast<std::int64_t>(random.below(period))}});
    }
    REQUIRE(queue.size() == 1000);
  }
}

TEST_CASE("bursts over sparse timers do not turn the widths of buckets to and fro", "[queue]") {
  // Timers 0 to 10 ms ahead ask for wide buckets, each thousandth brings 100 events within 100 ns.
  EventQueue queue;
  sim::Random random{5, "bursts"};
  for (int i = 0; i < 4000; ++i) queue.schedule(queue.acquire(), Instant{Duration{i}});
  std::vector<EventQueue::Slot> burst;
  for (int i = 0; i < 100; ++i) burst.push_back(queue.acquire());
  const auto ahead = [&](std::uint64_t span) {
    return Duration{static_cast<std::int64_t>(1 + random.below(span))};
  };
  int fired = 0;
  for (; queue.prepare() != EventQueue::Next::none && fired < 400'000; ++fired) {
    const Instant now = queue.next_time();
    const EventQueue::Slot slot = queue.pop();
    if (slot < 4000) queue.schedule(slot, now + ahead(10'000'000'000));
    if (fired % 1000 != 0) continue;
    for (const EventQueue::Slot one : burst) queue.schedule(one, now + 2_us + ahead(100'000));
  }
  CHECK(fired == 400'000);
  CHECK(queue.rebuilds() < 40);  // 90 if nothing were learned
}

TEST_CASE("a cancelled event is not pending and a released slot is used again", "[queue]") {
  EventQueue queue;
  const auto slot = queue.acquire();
  queue.schedule(slot, Instant{Duration{5}});
  CHECK(queue.pending(slot));
  queue.cancel(slot);
  CHECK_FALSE(queue.pending(slot));
  CHECK(queue.empty());
  queue.release(slot);
  CHECK(queue.acquire() == slot);
}

TEST_CASE("What is scheduled for the very instant goes behind all that was due then, in turn") {
  EventQueue queue;
  std::vector<EventQueue::Slot> slots;
  for (int i = 0; i < 6; ++i) slots.push_back(queue.acquire());
  const Instant now{Duration{100}};
  queue.schedule(slots[0], now);
  queue.schedule(slots[1], now);
  queue.schedule(slots[5], now + Duration{1});
  queue.prepare();
  CHECK(queue.pop() == slots[0]);
  queue.schedule(slots[2], now);
  queue.schedule(slots[3], now);
  queue.schedule(slots[4], now);
  CHECK(queue.time(slots[3]) == now);
  queue.cancel(slots[3]);
  queue.schedule(slots[2], now);  // anew: behind the others
  CHECK(queue.size() == 4);
  std::vector<EventQueue::Slot> order;
  while (queue.prepare() != EventQueue::Next::none) order.push_back(queue.pop());
  CHECK(order == std::vector{slots[1], slots[4], slots[2], slots[5]});
}
