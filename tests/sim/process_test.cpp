#include "sim/process.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace sim::literals;
using sim::Engine;

namespace {

std::int64_t ps(const Engine& engine) {
  return engine.now().time_since_epoch().count();
}

sim::Task<int> part(Engine& engine, int value) {
  co_await engine.delay(10_ps);
  if (value < 0) throw std::runtime_error{"negative"};
  co_return value * 2;
}

sim::Process whole(Engine& engine, std::vector<std::int64_t>& times) {
  times.push_back(ps(engine));
  const int doubled = co_await part(engine, 21);
  times.push_back(ps(engine));
  times.push_back(doubled);
}

sim::Process failing(Engine& engine) {
  co_await part(engine, -1);
}

sim::Process waiting(Engine& engine, sim::Signal& signal, int who, std::vector<int>& order) {
  co_await engine.delay(sim::Duration{who});
  co_await signal;
  order.push_back(who);
}

}  // namespace

TEST_CASE("a process awaits delays and parts, and gets their values", "[process]") {
  Engine engine;
  std::vector<std::int64_t> times;
  engine.spawn(whole(engine, times));
  engine.run();
  CHECK(times == std::vector<std::int64_t>{0, 10, 42});
}

TEST_CASE("what nobody catches surfaces from run", "[process]") {
  Engine engine;
  engine.spawn(failing(engine));
  CHECK_THROWS_WITH(engine.run(), "negative");
}

TEST_CASE("waiters go on in the order in which they came", "[process]") {
  Engine engine;
  sim::Signal signal{engine};
  std::vector<int> order;
  for (const int who : {3, 1, 2}) engine.spawn(waiting(engine, signal, who, order));
  engine.run();
  CHECK(order.empty());
  signal.fire();
  engine.run();
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("an engine that ends takes its waiting processes along", "[process]") {
  std::vector<int> order;
  {
    Engine engine;
    sim::Signal signal{engine};
    engine.spawn(waiting(engine, signal, 1, order));
    engine.run();
  }
  CHECK(order.empty());  // and no leak, which the address sanitizer checks
}
