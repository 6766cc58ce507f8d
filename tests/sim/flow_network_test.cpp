#include "sim/flow_network.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/error.hpp"
#include "sim/process.hpp"

using namespace sim;
using namespace sim::literals;

namespace {

using Times = std::vector<std::pair<std::string, double>>;

Process flow(Engine& engine, FlowNetwork& network, std::string name, Duration at,
             std::vector<int> route, double work, Times& done) {
  co_await engine.delay(at);
  co_await network.transfer(route, work);
  done.emplace_back(name, seconds(engine.now() - Instant{}));
}

Process narrow(Engine& engine, FlowNetwork& network, Duration at, double capacity) {
  co_await engine.delay(at);
  network.set_capacity(0, capacity);
}

}  // namespace

TEST_CASE("transfers speed up when others are done") {
  // Link 0 of 10, link 1 of 4: `long` gets 2, `first` 8, `second` 2.
  // `first` is done with 16 at 2 s; `second` with 4 at 2 s; `long` then has 4 and 6 left: 3.5 s.
  Engine engine;
  FlowNetwork network{engine, {10.0, 4.0}};
  Times done;
  engine.spawn(flow(engine, network, "long", 0_s, {0, 1}, 10.0, done));
  engine.spawn(flow(engine, network, "first", 0_s, {0}, 16.0, done));
  engine.spawn(flow(engine, network, "second", 0_s, {1}, 4.0, done));
  engine.run();
  REQUIRE(done.size() == 3);
  CHECK(done[0].second == Approx(2.0));
  CHECK(done[1].second == Approx(2.0));
  CHECK(done[2].first == "long");
  CHECK(done[2].second == Approx(3.5));
  CHECK(network.transfers() == 0);
}

TEST_CASE("a link that narrows slows those on it from then on") {
  Engine engine;
  FlowNetwork network{engine, {4.0}};
  Times done;
  engine.spawn(flow(engine, network, "a", 0_s, {0}, 8.0, done));
  engine.spawn(narrow(engine, network, 1_s, 1.0));
  engine.run();
  CHECK(done.front().second == Approx(5.0));
}

TEST_CASE("loads are those of the last solution and never above capacity") {
  Engine engine;
  FlowNetwork network{engine, {10.0, 4.0}};
  Times done;
  for (int i = 0; i < 5; ++i) engine.spawn(flow(engine, network, "f", 0_s, {0, 1}, 4.0, done));
  engine.run_until(Instant{} + 1_s);
  CHECK(network.load(1) == Approx(4.0));
  CHECK(network.load(0) == Approx(4.0));
  engine.run();
  CHECK(done.back().second == Approx(5.0));
}

TEST_CASE("impossible transfers are refused") {
  Engine engine;
  FlowNetwork network{engine, {1.0}};
  CHECK_THROWS_AS(network.transfer({1}, 1.0), ModelError);
  CHECK_THROWS_AS(network.transfer({0, 0}, 1.0), ModelError);
  CHECK_THROWS_AS(network.transfer({}, 1.0), ModelError);
  CHECK_THROWS_AS(FlowNetwork(engine, {-1.0}), ConfigError);
}
