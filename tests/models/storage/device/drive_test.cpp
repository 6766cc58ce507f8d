#include "models/storage/device/drive.hpp"

#include <catch2/catch.hpp>

#include "models/storage/device/memory_disk.hpp"
#include "sim/process.hpp"

using models::storage::Operation;
using models::storage::Request;
using namespace models::storage::device;
using namespace sim::literals;

namespace {

sim::Process ask(sim::Engine& engine, Drive& drive, sim::Duration at, Request request) {
  co_await engine.delay(at);
  co_await drive.serve(request);
}

}  // namespace

// One command at a time, 10 ms each: 0-10 and 10-20 (asked for at 5), nothing to 30, 30-40.
TEST_CASE("a disk is busy while a command is under way, and its queue counts those that wait") {
  sim::Engine engine;
  MemoryDisk disk{engine,
                  {.service = 10_ms, .copy_rate = sim::BytesPerSecond{1e18}, .parallel = 1},
                  sim::Bytes{1 << 20}};
  const Request read{.operation = Operation::read, .offset = {}, .size = 4_KiB};
  const Request write{.operation = Operation::write, .offset = {}, .size = 16_KiB};
  engine.spawn(ask(engine, disk, 0_ms, read));
  engine.spawn(ask(engine, disk, 5_ms, write));
  engine.spawn(ask(engine, disk, 30_ms, {.operation = Operation::flush}));
  engine.run_until(sim::Instant{50_ms});
  const DriveLoad& load = disk.load();
  CHECK(load.reads() == 1);
  CHECK(load.writes() == 1);
  CHECK(load.read() == 4_KiB);
  CHECK(load.written() == 16_KiB);
  CHECK(load.took_s() == Approx(0.010 + 0.015));
  CHECK(load.utilisation(engine.now()) == Approx(30.0 / 50));
  CHECK(load.queue(engine.now()) == Approx((10 + 15 + 10) / 50.0));
  disk.load().restart(engine.now());
  engine.run_until(sim::Instant{60_ms});
  CHECK(load.reads() + load.writes() == 0);
  CHECK(load.utilisation(engine.now()) == 0.0);
}
