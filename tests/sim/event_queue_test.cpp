#include "sim/event_queue.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "sim/random.hpp"

using sim::Duration;
using sim::EventQueue;
using sim::Instant;

TEST_CASE("the queue orders like a stable sorted map under any mix of operations", "[queue]") {
  constexpr std::uint64_t kSeed = 7;
  INFO("seed " << kSeed);
  sim::Random random{kSeed, "queue"};
  EventQueue queue;
  std::multimap<std::pair<std::int64_t, int>, EventQueue::Slot> oracle;  // (time, order) -> slot
  std::map<EventQueue::Slot, decltype(oracle)::iterator> where;
  std::vector<EventQueue::Slot> slots;
  for (int i = 0; i < 200; ++i) slots.push_back(queue.acquire());
  int order = 0;
  std::int64_t now = 0;  // nothing is scheduled before the event that fired last
  const auto schedule = [&](EventQueue::Slot slot, std::int64_t time) {
    if (where.contains(slot)) oracle.erase(where[slot]);
    where[slot] = oracle.insert({{time, order++}, slot});
    queue.schedule(slot, Instant{Duration{time}});
  };
  for (int step = 0; step < 50'000; ++step) {
    const EventQueue::Slot slot = slots[random.below(slots.size())];
    const std::uint64_t what = random.below(10);
    if (what < 5) {
      schedule(slot, now + static_cast<std::int64_t>(random.below(1000)));
    } else if (what < 6) {
      queue.cancel(slot);
      if (where.contains(slot)) {
        oracle.erase(where[slot]);
        where.erase(slot);
      }
    } else if (!oracle.empty()) {
      REQUIRE(queue.next_time() == Instant{Duration{oracle.begin()->first.first}});
      now = oracle.begin()->first.first;
      const EventQueue::Slot first = queue.pop();
      REQUIRE(first == oracle.begin()->second);
      where.erase(first);
      oracle.erase(oracle.begin());
      if (what < 9) schedule(first, now + static_cast<std::int64_t>(random.below(1000)));
    }
    REQUIRE(queue.size() == oracle.size());
  }
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
