#include "models/storage/raid/rebuild.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

Description with_spare(Level level) {
  Description description;
  description.level = level;
  description.chunk = 64_KiB;
  description.spares = 1;
  return description;
}

void spin(Bench& bench, double rate_Bps) {
  for (Disk& disk : bench.members) {
    disk.rate = sim::BytesPerSecond{rate_Bps};
    disk.one_at_a_time = true;
  }
}

// Seconds from the failure of member 0 to the end of the rebuild.
double rebuild_s(Level level, int disks, double rate_Bps, Bytes size) {
  Bench bench{with_spare(level), disks + 1, size};
  spin(bench, rate_Bps);
  bench.array().fail(0);
  CHECK(bench.array().state() == State::rebuilding);
  bench.engine.run();
  CHECK(bench.array().state() == State::clean);
  return sim::seconds(bench.engine.now() - sim::kStart);
}

sim::Process read_for_ever(sim::Engine&, Bench& bench) {
  Request request;
  request.size = 64_KiB;
  for (std::int64_t i = 0;; ++i) {
    request.offset = 64_KiB * (i * 37 % 1024);
    co_await bench.array().serve(request);
  }
}

}  // namespace

// 64 MiB at 64 MiB/s, and the first read before the first write: 1 MiB of copies, 128 KiB of rows.
TEST_CASE("an idle array is rebuilt at the rate of its disks", "[raid]") {
  for (const Level level : {Level::raid1, Level::raid10})
    CHECK(rebuild_s(level, 4, 64.0 * (1 << 20), 64_MiB) == Approx(1.0 + 1.0 / 64));
  for (const Level level : {Level::raid5, Level::raid6})
    CHECK(rebuild_s(level, 4, 64.0 * (1 << 20), 64_MiB) == Approx(1.0 + 1.0 / 512));
}

// 200000 KB/s over windows of 27 to 30 s, each a second's worth ahead: up to 3.7 % more.
TEST_CASE("a fast array is rebuilt at the limit of speed", "[raid]") {
  const double size_B = 200e9;
  const double took_s = rebuild_s(Level::raid1, 2, 2e9, Bytes{static_cast<std::int64_t>(size_B)});
  CHECK(took_s > 0.96 * size_B / 204.8e6);
  CHECK(took_s < size_B / 204.8e6);
}

TEST_CASE("a rebuild reads all others and writes the spare", "[raid]") {
  Bench bench{with_spare(Level::raid5), 5, 64_MiB};
  bench.array().fail(1);
  bench.engine.run();
  CHECK(bench.array().stats().rebuild_reads == 3 * 64 * 8);  // 128 KiB at a time
  CHECK(bench.array().stats().rebuild_writes == 64 * 8);
  CHECK(bench.members[1].seen.empty());
  CHECK(bench.members[4].count(Operation::write) == 64 * 8);
  // The spare is a member like any other now.
  bench.ios();
  bench.serve(Operation::write, 0_KiB, 192_KiB);
  CHECK(bench.ios() == std::pair{0, 4});
}

TEST_CASE("mirrors are rebuilt from the other copy, whatever the layout", "[raid]") {
  for (const Layout layout : {Layout::near, Layout::far, Layout::offset}) {
    for (const int disks : {3, 4}) {
      Description description = with_spare(Level::raid10);
      description.layout = layout;
      Bench bench{description, disks + 1, 16_MiB};
      bench.array().fail(0);
      bench.engine.run();
      std::int64_t read_B = 0;
      std::int64_t written_B = 0;
      for (const Disk& disk : bench.members) {
        for (const Seen& each : disk.seen) {
          (each.operation == Operation::read ? read_B : written_B) += each.size.count();
        }
      }
      CHECK(read_B == (16_MiB).count());
      CHECK(written_B == (16_MiB).count());
      CHECK(bench.members[static_cast<std::size_t>(disks)].count(Operation::read) == 0);
    }
  }
}

TEST_CASE("what has been rebuilt is read from the spare, the rest is computed", "[raid]") {
  Bench bench{with_spare(Level::raid5), 4, 64_MiB};
  spin(bench, 64.0 * (1 << 20));
  bench.array().fail(0);
  bench.engine.run_until(sim::Instant{500_ms});
  const Progress progress = bench.array().rebuild_progress();
  CHECK(progress.running);
  CHECK(progress.done == 31_MiB);
  CHECK(progress.length == 64_MiB);
  CHECK(sim::seconds(progress.left) == Approx(33 / 62.0));
  bench.start(Operation::read, 0_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{501_ms});
  CHECK(bench.array().stats().member_reads == 1);
  bench.start(Operation::read, 120_MiB, 4_KiB);
  bench.engine.run_until(sim::Instant{502_ms});
  CHECK(bench.array().stats().member_reads == 1 + 2);
}

// Others at work: each step waits until the one before is done, but not below speed_min.
TEST_CASE("a rebuild makes way for others", "[raid]") {
  Bench bench{with_spare(Level::raid1), 3, 4_GiB};
  spin(bench, 64.0 * (1 << 20));
  bench.array().fail(0);
  for (int i = 0; i < 4; ++i) bench.engine.spawn(read_for_ever(bench.engine, bench));
  bench.engine.run_until(sim::Instant{10_s});
  const double busy_Bps = static_cast<double>(bench.array().rebuild_progress().done.count()) / 10;
  CHECK(busy_Bps > 1.024e6);
  CHECK(busy_Bps < 0.5 * 64 * (1 << 20));
}

TEST_CASE("a second spare follows when the first fails, too", "[raid]") {
  Description description = with_spare(Level::raid1);
  description.spares = 2;
  Bench bench{description, 4, 64_MiB};
  spin(bench, 64.0 * (1 << 20));
  bench.array().fail(0);
  bench.engine.run_until(sim::Instant{500_ms});
  bench.array().fail(0);
  CHECK(bench.array().state() == State::degraded);
  bench.engine.run();
  CHECK(bench.array().state() == State::clean);
  CHECK(bench.members[3].count(Operation::write) == 64);
}

TEST_CASE("a disk that is missing from the start is rebuilt on the spare", "[raid]") {
  Description description = with_spare(Level::raid6);
  description.failed = {2};
  Bench bench{description, 6, 16_MiB};
  bench.array();
  CHECK(bench.array().state() == State::rebuilding);
  bench.engine.run();
  CHECK(bench.array().state() == State::clean);
}

TEST_CASE("a new array is resynced: copies are written, parity is", "[raid]") {
  Description description = with_spare(Level::raid5);
  description.spares = 0;
  description.synced = false;
  Bench parity{description, 4, 16_MiB};
  CHECK(parity.array().state() == State::resyncing);
  parity.engine.run();
  CHECK(parity.array().state() == State::clean);
  CHECK(parity.array().stats().rebuild_reads == 4 * 16 * 8);
  CHECK(parity.array().stats().rebuild_writes == 16 * 16);  // a chunk in each stripe
  description.level = Level::raid1;
  Bench mirror{description, 3, 16_MiB};
  mirror.array();
  mirror.engine.run();
  CHECK(mirror.array().stats().rebuild_reads == 16);
  CHECK(mirror.array().stats().rebuild_writes == 32);
}

TEST_CASE("after a crash all of a parity array is read and, in step as it is, nothing written",
          "[raid]") {
  for (const Level level : {Level::raid5, Level::raid6}) {
    Description description = with_spare(level);
    description.spares = 0;
    description.unclean = true;
    Bench bench{description, 4, 16_MiB};
    CHECK(bench.array().state() == State::resyncing);
    bench.engine.run();
    CHECK(bench.array().state() == State::clean);
    CHECK(bench.array().stats().rebuild_reads == 4 * 16 * 8);
    CHECK(bench.array().stats().rebuild_writes == 0);
  }
}
