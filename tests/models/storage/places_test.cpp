#include "models/storage/places.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/process.hpp"

using namespace sim::literals;

namespace {

sim::Process hold(sim::Engine& engine, models::storage::Places& places, sim::Duration time,
                  std::vector<sim::Duration>& begun) {
  co_await places.take();
  begun.push_back(engine.now() - sim::kStart);
  co_await engine.delay(time);
  places.give_back();
}

}  // namespace

TEST_CASE("places are taken at once while there are any, then in order", "[queue]") {
  sim::Engine engine;
  models::storage::Places places{engine, 2};
  std::vector<sim::Duration> begun;
  for (const sim::Duration time : {5_us, 3_us, 4_us, 1_us, 1_us})
    engine.spawn(hold(engine, places, time, begun));
  engine.run();
  // Free again at 3, 5, 6, 7.
  CHECK(begun == std::vector<sim::Duration>{0_us, 0_us, 3_us, 5_us, 6_us});
}

TEST_CASE("processes left behind touch no places that are gone", "[queue]") {
  sim::Engine engine;
  std::vector<sim::Duration> begun;
  {
    models::storage::Places places{engine, 1};
    engine.spawn(hold(engine, places, 5_us, begun));
    engine.spawn(hold(engine, places, 5_us, begun));
    engine.run_until(sim::kStart + 1_us);
  }
  CHECK(begun.size() == 1);
}
