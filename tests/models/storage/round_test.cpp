#include "models/storage/round.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "models/storage/shared_flushes.hpp"
#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace sim::literals;

namespace {

sim::Process ask(sim::Engine& engine, BlockDevice& device, sim::Duration after, Request request,
                 std::vector<sim::Instant>& ended) {
  co_await engine.delay(after);
  co_await device.serve(request);
  ended.push_back(engine.now());
}

}  // namespace

TEST_CASE("who asks while an operation runs shares the next run") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  SharedFlushes shared{device};
  CHECK(shared.capacity() == 1_GiB);
  std::vector<sim::Instant> ended;
  const Request flush{.operation = Operation::flush};
  for (const sim::Duration after : {0_us, 10_us, 50_us, 90_us, 150_us})
    engine.spawn(ask(engine, shared, after, flush, ended));
  engine.run();
  // The first alone, the next three by one run that the last came too late for.
  CHECK(ended == std::vector<sim::Instant>{sim::Instant{100_us}, sim::Instant{200_us},
                                           sim::Instant{200_us}, sim::Instant{200_us},
                                           sim::Instant{300_us}});
  CHECK(device.served == 3);
}

TEST_CASE("reads and writes do not wait for flushes") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  SharedFlushes shared{device};
  std::vector<sim::Instant> ended;
  engine.spawn(ask(engine, shared, 0_us, {.operation = Operation::flush}, ended));
  engine.spawn(ask(engine, shared, 10_us, {.operation = Operation::write, .size = 4_KiB}, ended));
  engine.spawn(ask(engine, shared, 20_us, {.size = 4_KiB}, ended));
  engine.run();
  CHECK(ended == std::vector<sim::Instant>{sim::Instant{100_us}, sim::Instant{110_us},
                                           sim::Instant{120_us}});
}
