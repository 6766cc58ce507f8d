#include "models/storage/queue/anticipatory.hpp"

#include <catch2/catch.hpp>

#include "models/storage/queue/queue.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::queue;
using namespace sim::literals;

namespace {

constexpr std::int64_t kFar = 100'000'000'000;

Request read_of(int stream, std::int64_t offset) {
  return {.offset = sim::Bytes{offset}, .size = sim::Bytes{4096}, .stream = stream};
}

struct Setup {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 5_ms};
  Queue queue{device, {.scheduler = Scheduler::anticipatory, .depth = 1}};
};

}  // namespace

TEST_CASE("anticipatory: the disk waits for who has just been served", "[queue]") {
  Setup setup;
  // Stream 1 reads, thinks for 2 ms, reads next to it; stream 2 waits far away since 1 ms.
  tests::done_times(setup.engine, setup.queue,
                    {{0_ms, read_of(1, 0)}, {1_ms, read_of(2, kFar)}, {7_ms, read_of(1, 4096)}},
                    100_ms);
  REQUIRE(setup.device.asked.size() == 3);
  CHECK(setup.device.asked[1].stream == 1);
  CHECK(setup.device.at ==
        std::vector<sim::Duration>{0_ms, 7_ms, 12_ms + sim::Duration{6'700'000'000}});
}

TEST_CASE("anticipatory: it waits no longer than antic_expire", "[queue]") {
  Setup setup;
  tests::done_times(setup.engine, setup.queue, {{0_ms, read_of(1, 0)}, {1_ms, read_of(2, kFar)}},
                    100_ms);
  CHECK(setup.device.at == std::vector<sim::Duration>{0_ms, 5_ms + sim::Duration{6'700'000'000}});
}

TEST_CASE("anticipatory: it does not wait for who is slow to come back", "[queue]") {
  Setup setup;
  // Stream 1 thinks for 15 ms each time: after some rounds it is not waited for.
  tests::Load slow{setup.engine, setup.queue, {.random = false, .host = 15_ms, .stream = 1}};
  tests::start(setup.engine, slow);
  setup.engine.run_until(sim::kStart + 1'001_ms);  // 50 rounds of 20 ms; at the device from 15 on
  sim::Duration done{};
  setup.engine.spawn(tests::ask(setup.engine, setup.queue, 15_ms, read_of(2, kFar), done));
  setup.engine.run_until(sim::kStart + 1'100_ms);
  CHECK(done == 1'025_ms);  // behind the read from 1 015 to 1 020
}

TEST_CASE("anticipatory: writes have their batches", "[queue]") {
  Setup setup;
  tests::Load reads{setup.engine, setup.queue, {.random = false, .stream = 1}};
  tests::Load writes{
      setup.engine, setup.queue, {.operation = Operation::write, .depth = 8, .synchronous = false}};
  tests::start(setup.engine, reads);
  tests::start(setup.engine, writes);
  setup.engine.run_until(sim::kStart + 10_s);
  double read = 0;
  for (const Request& each : setup.device.asked) read += each.operation == Operation::read;
  // 500 ms against 125 ms.
  CHECK(read / static_cast<double>(setup.device.asked.size()) == Approx(0.8).epsilon(0.03));
}
