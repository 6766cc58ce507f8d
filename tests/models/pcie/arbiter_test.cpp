#include "models/pcie/arbiter.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/process.hpp"

using namespace models::pcie;
using namespace sim::literals;

namespace {

struct Bench {
  sim::Engine engine;
  Arbiter lanes{engine, 3, 10_us};
  std::vector<std::pair<int, sim::Duration>> passed{};  // port, when

  void send(int port, sim::Duration at, sim::Duration work) {
    engine.spawn(sending(engine, *this, port, at, work));
  }
  static sim::Process sending(sim::Engine& engine, Bench& bench, int port, sim::Duration at,
                              sim::Duration work) {
    co_await engine.delay(at);
    co_await bench.lanes.pass(port, work);
    bench.passed.emplace_back(port, engine.now() - sim::kStart);
  }
};

using Passed = std::vector<std::pair<int, sim::Duration>>;

}  // namespace

TEST_CASE("a card that sends alone has the lanes to itself, in its own order") {
  Bench bench;
  bench.send(0, 0_us, 25_us);
  bench.send(0, 5_us, 7_us);
  bench.engine.run_until(sim::kStart + 100_us);
  CHECK(bench.passed == Passed{{0, 25_us}, {0, 32_us}});
  CHECK(bench.lanes.busy() == Approx(0.32));
}

TEST_CASE("cards take turns, so a short transfer waits for one turn of a long one") {
  Bench bench;
  bench.send(0, 0_us, 100_us);
  bench.send(1, 24_us, 4_us);  // the turn ends at 30 us
  bench.send(1, 50_us, 15_us);
  bench.engine.run_until(sim::kStart + 1_ms);
  // From 54 us on: port 0 to 64 us at most (its turn began at 34 us and is cut at 54 us), port 1
  // for 10 us, port 0 for 10 us, port 1's last 5 us.
  CHECK(bench.passed == Passed{{1, 34_us}, {1, 79_us}, {0, 119_us}});
}

TEST_CASE("three cards with much to send have a third each") {
  Bench bench;
  for (int port = 0; port < 3; ++port) bench.send(port, 0_us, 100_us);
  bench.engine.run_until(sim::kStart + 1_ms);
  CHECK(bench.passed == Passed{{0, 280_us}, {1, 290_us}, {2, 300_us}});
}
