#include "models/network/moderation.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "sim/process.hpp"
#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

// A packet every 10 us, ten of them; the driver is done at once.
struct Line {
  Line(sim::Engine& of, const ModerationConfig& config)
      : engine{of},
        moderation{of, config, [](void* self) { static_cast<Line*>(self)->interrupt(); }, this},
        unmask{of, [](void* self) { static_cast<Line*>(self)->moderation.unmask(0); }, this} {}
  void interrupt() {
    at.push_back(in_us(engine.now()));
    unmask.after(sim::Duration::zero());
  }
  sim::Engine& engine;
  std::vector<double> at;  // us
  Moderation moderation;
  sim::Event unmask;
};

sim::Process packets(sim::Engine& engine, Moderation& moderation, int count, sim::Duration gap,
                     sim::Bytes bytes) {
  for (int i = 0; i < count; ++i) {
    co_await engine.delay(gap);
    moderation.arrived(1, bytes);
  }
}

std::vector<double> interrupts(const ModerationConfig& config) {
  sim::Engine engine;
  Line line{engine, config};
  engine.spawn(packets(engine, line.moderation, 10, us(10), sim::Bytes{100}));
  engine.run();
  return line.at;
}

}  // namespace

TEST_CASE("without moderation each packet interrupts") {
  CHECK(interrupts({.kind = ModerationKind::none}) ==
        std::vector<double>{10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
}

TEST_CASE("a throttle lets the first packet through and keeps its gap from then on") {
  CHECK(interrupts({.kind = ModerationKind::throttle, .gap = us(25)}) ==
        std::vector<double>{10, 35, 60, 85, 110});
}

TEST_CASE("a hold-off counts from the first packet that waits") {
  CHECK(interrupts({.kind = ModerationKind::hold_off, .gap = us(25)}) ==
        std::vector<double>{35, 65, 95, 125});
}

TEST_CASE("a limit of frames ends a hold-off early") {
  CHECK(interrupts({.kind = ModerationKind::hold_off, .gap = us(25), .frames = 2}) ==
        std::vector<double>{20, 40, 60, 80, 100});
}

TEST_CASE("adaptive moderation keeps single packets quick and spaces out bulk") {
  sim::Engine engine;
  Line line{engine, {.kind = ModerationKind::adaptive}};
  CHECK(line.moderation.gap() == us(10));
  // 1500 bytes every 1.2 us are 1250 bytes a microsecond: bulk after two interrupts.
  engine.spawn(packets(engine, line.moderation, 1'000, ns(1'200), sim::Bytes{1'500}));
  engine.run();
  CHECK(line.moderation.gap() == us(125));
  engine.spawn(packets(engine, line.moderation, 10, us(200), sim::Bytes{100}));
  engine.run();
  CHECK(line.moderation.gap() == us(10));
}

TEST_CASE("a masked line interrupts once the driver is done") {
  sim::Engine engine;
  int interrupts = 0;
  Moderation moderation{engine,
                        {.kind = ModerationKind::none},
                        [](void* n) { ++*static_cast<int*>(n); },
                        &interrupts};
  moderation.arrived(1, sim::Bytes{100});
  engine.run();
  moderation.arrived(1, sim::Bytes{100});
  engine.run();
  CHECK(interrupts == 1);
  CHECK(moderation.masked());
  moderation.unmask(1);
  engine.run();
  CHECK(interrupts == 2);
}

TEST_CASE("impossible moderation is refused with its reason") {
  sim::Engine engine;
  const auto make = [&](const ModerationConfig& config) {
    Moderation{engine, config, [](void*) {}, nullptr};
  };
  CHECK_THROWS_WITH(make({.frames = -1}), "moderation.frames = -1, needs 0 or more");
  CHECK_THROWS_AS(make({.gap = us(-1)}), sim::ConfigError);
}
