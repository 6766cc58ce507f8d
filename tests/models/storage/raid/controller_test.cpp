#include "models/storage/raid/controller.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

Description hardware(Level level, bool battery = true) {
  Description description;
  description.level = level;
  description.chunk = 64_KiB;
  description.hardware.present = true;
  description.hardware.battery = battery;
  description.hardware.cache = 8_MiB;
  description.hardware.command = 10_us;
  description.hardware.parity_rate = sim::BytesPerSecond{std::numeric_limits<double>::infinity()};
  return description;
}

}  // namespace

TEST_CASE("with a battery a write is done when the cache has it", "[raid]") {
  Bench bench{hardware(Level::raid5), 5};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  sim::Instant ended{};
  bench.start(Operation::write, 0_KiB, 4_KiB, false, true, &ended);
  bench.engine.run_until(sim::Instant{1_s});
  CHECK(ended == sim::Instant{10_us});
  CHECK(bench.writes() == 0);
  CHECK(bench.array().backlog().unwritten == 4_KiB);
  bench.engine.run();  // data of 4 s goes to the disks
  CHECK(bench.engine.now() == sim::Instant{4_s + 10_us + 10_ms});
  CHECK(bench.ios() == std::pair{2, 2});
  CHECK(bench.array().backlog().unwritten == 0_KiB);
  CHECK(bench.array().backlog().written == 4_KiB);
}

TEST_CASE("without a battery a write waits for the disks", "[raid]") {
  Bench bench{hardware(Level::raid5, false), 5};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  CHECK(bench.serve(Operation::write, 0_KiB, 4_KiB) == sim::Instant{10_us + 10_ms});
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.total(Operation::flush) == 5);
}

TEST_CASE("a battery makes flushes free", "[raid]") {
  Bench bench{hardware(Level::raid10), 4};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  CHECK(bench.serve(Operation::flush, {}, {}) == sim::Instant{10_us});
  CHECK(bench.total(Operation::flush) == 0);
}

TEST_CASE("small sequential writes become full stripes in the cache", "[raid]") {
  Bench bench{hardware(Level::raid5), 5};
  for (int i = 0; i < 64; ++i) {
    bench.start(Operation::write, 4_KiB * i, 4_KiB);
    bench.engine.run_until(sim::Instant{1_ms * (i + 1)});
  }
  bench.engine.run();
  CHECK(bench.ios() == std::pair{0, 5});
  CHECK(bench.array().stats().written_back == 1);
}

TEST_CASE("what is in the cache is read from there", "[raid]") {
  Bench bench{hardware(Level::raid5), 5};
  bench.start(Operation::write, 0_KiB, 8_KiB);
  bench.engine.run_until(sim::Instant{1_s});
  bench.start(Operation::read, 4_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{2_s});
  CHECK(bench.reads() == 0);
  bench.start(Operation::read, 8_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{3_s});
  CHECK(bench.reads() == 1);
  CHECK(bench.array().stats().cached_reads == 1);
}

// 16 MiB into 8 MiB: the second half is written at the pace of the disks.
TEST_CASE("writes wait when the cache is full of dirty data", "[raid]") {
  Bench bench{hardware(Level::raid0), 4};
  for (Disk& disk : bench.members) {
    disk.rate = sim::BytesPerSecond{1 << 20};
    disk.one_at_a_time = true;
  }
  sim::Instant ended{};
  bench.start(Operation::write, 0_KiB, 16_MiB, false, true, &ended);
  bench.engine.run();
  CHECK(sim::seconds(ended - sim::kStart) == Approx(2.0).epsilon(0.05));
  CHECK(sim::seconds(bench.engine.now() - sim::kStart) >= 4.0);
  std::int64_t written_B = 0;
  for (const Disk& disk : bench.members) {
    for (const Seen& each : disk.seen) written_B += each.size.count();
  }
  CHECK(written_B == (16_MiB).count());
}

TEST_CASE("the parity of a full stripe takes the controller's engine", "[raid]") {
  Description description = hardware(Level::raid5, false);
  description.hardware.parity_rate = sim::BytesPerSecond{262144e6};  // 256 KiB/us
  Bench bench{description, 5};
  CHECK(bench.serve(Operation::write, 0_KiB, 256_KiB) == sim::Instant{11_us});
  CHECK(bench.thread.used == Duration::zero());
}

TEST_CASE("a controller needs a cache of two stripes", "[raid]") {
  Description description = hardware(Level::raid5);
  description.hardware.cache = 256_KiB;
  Bench bench{description, 5};
  CHECK_THROWS_AS(bench.array(), sim::ConfigError);
}
