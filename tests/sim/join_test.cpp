#include "sim/join.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace sim::literals;

namespace {

sim::Task<> wait(sim::Engine& engine, sim::Duration time, std::vector<int>& order, int id) {
  co_await engine.delay(time);
  order.push_back(id);
}

sim::Process both(sim::Engine& engine, std::vector<int>& order, sim::Instant& ended) {
  sim::Join join{engine};
  join.add(wait(engine, 5_us, order, 1));
  join.add(wait(engine, 3_us, order, 2));
  co_await join.all();
  ended = engine.now();
}

sim::Process none(sim::Engine& engine, bool& ended) {
  sim::Join join{engine};
  co_await join.all();
  ended = true;
}

sim::Task<> fail(sim::Engine& engine) {
  co_await engine.delay(1_us);
  throw 7;
}

sim::Process failing(sim::Engine& engine) {
  sim::Join join{engine};
  join.add(fail(engine));
  co_await join.all();
}

}  // namespace

TEST_CASE("joined tasks run side by side and the wait ends with the last") {
  sim::Engine engine;
  std::vector<int> order;
  sim::Instant ended{};
  engine.spawn(both(engine, order, ended));
  engine.run();
  CHECK(order == std::vector<int>{2, 1});
  CHECK(ended == sim::Instant{5_us});
}

TEST_CASE("a join of nothing does not wait") {
  sim::Engine engine;
  bool ended = false;
  engine.spawn(none(engine, ended));
  CHECK(ended);
}

TEST_CASE("what a joined task throws surfaces from the engine") {
  sim::Engine engine;
  engine.spawn(failing(engine));
  CHECK_THROWS_AS(engine.run(), int);
}
