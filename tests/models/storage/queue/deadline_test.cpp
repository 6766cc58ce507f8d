#include "models/storage/queue/deadline.hpp"

#include <catch2/catch.hpp>
#include <deque>

#include "sim/units.hpp"

using namespace models::storage;
using namespace models::storage::queue;
using namespace sim::literals;

namespace {

using Order = std::vector<std::int64_t>;

struct Waiting {
  explicit Waiting(const DeadlineTunables& tunables = {}) : policy{tunables} {}
  void add(Operation operation, std::int64_t place, sim::Duration at = {}) {
    Item& item = items.emplace_back();
    item.operation = operation;
    item.offset = sim::Bytes{place};
    item.size = sim::Bytes{1};
    item.arrived = sim::kStart + at;
    item.number = items.size();
    policy.add(item);
  }
  void read(std::int64_t place, sim::Duration at = {}) { add(Operation::read, place, at); }
  void write(std::int64_t place, sim::Duration at = {}) { add(Operation::write, place, at); }
  Order take(int count, sim::Duration now = {}) {
    Order places;
    for (int i = 0; i < count; ++i) {
      const Item* item = policy.next(sim::kStart + now);
      if (item == nullptr) break;
      places.push_back(item->offset.count());
    }
    return places;
  }
  std::deque<Item> items;
  Deadline policy;
};

}  // namespace

TEST_CASE("deadline: a batch begins at the oldest and goes upwards", "[queue]") {
  Waiting waiting;
  for (const int place : {500, 300, 700, 900, 100}) waiting.read(place);
  CHECK(waiting.take(9) == Order{500, 700, 900, 300, 100});
}

TEST_CASE("deadline: reads go before writes twice", "[queue]") {
  Waiting waiting{{.fifo_batch = 1}};
  for (const int place : {1, 2, 3, 4, 5}) waiting.read(place);
  for (const int place : {11, 12}) waiting.write(place);
  CHECK(waiting.take(9) == Order{1, 2, 11, 3, 4, 12, 5});
}

TEST_CASE("deadline: a batch is 16 requests, then the direction is chosen anew", "[queue]") {
  Waiting waiting;
  waiting.write(1000);
  for (int i = 0; i < 60; ++i) waiting.read(i);
  const Order order = waiting.take(61);
  // Two batches of reads while the write starves, then it.
  CHECK(std::find(order.begin(), order.end(), 1000) - order.begin() == 32);
}

TEST_CASE("deadline: an expired request begins the next batch", "[queue]") {
  Waiting waiting{{.fifo_batch = 2}};
  waiting.read(500);
  waiting.read(100);  // left behind by the elevator
  for (const int place : {600, 700, 800, 900}) waiting.read(place, 100_ms);
  CHECK(waiting.take(2, 450_ms) == Order{500, 600});
  CHECK(waiting.take(2, 499_ms) == Order{700, 800});
  CHECK(waiting.take(2, 500_ms) == Order{100, 900});
}

TEST_CASE("deadline: front merges can be forbidden", "[queue]") {
  Item item;
  item.offset = sim::Bytes{10};
  item.size = sim::Bytes{1};
  const Request before{.offset = sim::Bytes{9}, .size = sim::Bytes{1}};
  const Request behind{.offset = sim::Bytes{11}, .size = sim::Bytes{1}};
  CHECK(Deadline{{}}.may_merge(item, before));
  CHECK_FALSE(Deadline{{.front_merges = false}}.may_merge(item, before));
  CHECK(Deadline{{.front_merges = false}}.may_merge(item, behind));
}
