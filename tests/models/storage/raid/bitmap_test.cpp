#include "models/storage/raid/bitmap.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

using Ios = std::pair<int, int>;

Description with_bitmap(Level level) {
  Description description;
  description.level = level;
  description.chunk = 64_KiB;
  description.bitmap.present = true;
  return description;
}

}  // namespace

// Flush and page 2 x 100 us, then the write; 5 and 10 s later the daemon's rounds.
TEST_CASE("the first write to a clean region marks it on all members before it begins", "[raid]") {
  Bench bench{with_bitmap(Level::raid1), 2, 1_GiB};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  sim::Instant ended{};
  bench.start(Operation::write, 512_MiB, 4_KiB, false, true, &ended);
  bench.engine.run_until(sim::Instant{1_s});
  CHECK(ended == sim::Instant{300_us});
  for (const Disk& disk : bench.members) {
    REQUIRE(disk.seen.size() == 3);
    CHECK(disk.seen[0].operation == Operation::flush);
    CHECK(disk.seen[1].size == 4_KiB);
    CHECK(disk.seen[1].fua);
    CHECK(disk.seen[2].offset == 512_MiB);
  }
  // Marked: the next write to the region goes at once, one to another region does not.
  bench.start(Operation::write, 520_MiB, 4_KiB, false, true, &ended);
  bench.engine.run_until(sim::Instant{2_s});
  CHECK(ended == sim::Instant{1_s + 100_us});
  bench.start(Operation::write, 576_MiB, 4_KiB, false, true, &ended);
  bench.engine.run_until(sim::Instant{3_s});
  CHECK(ended == sim::Instant{2_s + 300_us});
  CHECK(bench.array().stats().bitmap_writes == 2);
}

// Marked at 0; the rounds at 5 and 10 s find it idle, the second clears it.
TEST_CASE("a mark goes after two rounds without writes", "[raid]") {
  Bench bench{with_bitmap(Level::raid1), 2, 1_GiB};
  bench.start(Operation::write, 0_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{9_s});
  CHECK(bench.array().stats().bitmap_writes == 1);
  bench.engine.run();
  CHECK(bench.engine.now() == sim::Instant{10_s});
  CHECK(bench.array().stats().bitmap_writes == 2);
  bench.ios();
  bench.start(Operation::write, 0_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{11_s});
  CHECK(bench.ios() == Ios{0, 4});
}

TEST_CASE("writes keep their region marked", "[raid]") {
  Bench bench{with_bitmap(Level::raid1), 2, 1_GiB};
  for (int s = 0; s < 40; s += 4) {
    bench.start(Operation::write, 0_KiB, 4_KiB);
    bench.engine.run_until(sim::Instant{4_s * (s / 4 + 1)});
  }
  CHECK(bench.array().stats().bitmap_writes == 1);
}

TEST_CASE("writes that wait for a mark share its page's write", "[raid]") {
  Bench bench{with_bitmap(Level::raid1), 2, 1_GiB};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  for (int i = 0; i < 8; ++i) bench.start(Operation::write, 64_MiB * i, 4_KiB);
  bench.engine.run_until(sim::Instant{1_s});
  CHECK(bench.array().stats().bitmap_writes == 2);  // the first alone, seven together
}

TEST_CASE("a small write on raid5 with a clean bitmap writes it on every disk first", "[raid]") {
  for (int n = 3; n <= 6; ++n) {
    Bench bench{with_bitmap(Level::raid5), n};
    bench.start(Operation::write, 0_KiB, 4_KiB);
    bench.engine.run_until(sim::Instant{1_s});
    CHECK(bench.ios() == Ios{n == 3 ? 1 : 2, n + 2});
    bench.start(Operation::write, 1_MiB, 4_KiB);
    bench.engine.run_until(sim::Instant{2_s});
    CHECK(bench.ios() == Ios{n == 3 ? 1 : 2, 2});
  }
}
