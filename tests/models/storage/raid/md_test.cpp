#include "models/storage/raid/md.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/error.hpp"
#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

Description array_of(Level level) {
  Description description;
  description.level = level;
  description.chunk = 64_KiB;
  return description;
}

// 4 KiB written and flushed again and again: `application` is what both take without md.
sim::Process write_and_sync(sim::Engine&, Bench& bench, Duration application, int times) {
  Request write;
  write.operation = Operation::write;
  write.size = 4_KiB;
  Request flush;
  flush.operation = Operation::flush;
  for (int i = 0; i < times; ++i) {
    co_await bench.engine.delay(application);
    co_await bench.array().serve(write);
    co_await bench.array().serve(flush);
  }
}

sim::Process write_for_ever(sim::Engine& engine, Bench& bench, int client, std::int64_t& done) {
  sim::Random random = engine.stream("client" + std::to_string(client));
  const auto blocks = static_cast<std::uint64_t>(bench.array().capacity() / 4_KiB);
  Request write;
  write.operation = Operation::write;
  write.size = 4_KiB;
  for (;;) {
    write.offset = 4_KiB * static_cast<std::int64_t>(random.below(blocks));
    co_await bench.array().serve(write);
    ++done;
  }
}

}  // namespace

TEST_CASE("a flush goes to every member at once", "[raid]") {
  for (const Level level :
       {Level::raid0, Level::raid1, Level::raid5, Level::raid6, Level::raid10}) {
    Bench bench{array_of(level), 4};
    for (Disk& disk : bench.members) disk.latency = 5_ms;
    CHECK(bench.serve(Operation::flush, {}, {}) == sim::Instant{5_ms});
    for (const Disk& disk : bench.members) CHECK(disk.count(Operation::flush) == 1);
  }
}

TEST_CASE("a missing disk is not flushed", "[raid]") {
  Description description = array_of(Level::raid5);
  description.failed = {2};
  Bench bench{description, 4};
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.total(Operation::flush) == 3);
  CHECK(bench.members[2].seen.empty());
}

// 0 first flush; 1 and 2 ms two more: they share the one from 5 to 10 ms.
TEST_CASE("flushes that come while one runs share the next", "[raid]") {
  Bench bench{array_of(Level::raid0), 2};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  sim::Instant ended[3];
  for (int i = 0; i < 3; ++i) {
    bench.start(Operation::flush, {}, {}, false, true, &ended[i]);
    bench.engine.run_until(bench.engine.now() + 1_ms);
  }
  bench.engine.run();
  CHECK(ended[0] == sim::Instant{5_ms});
  CHECK(ended[1] == sim::Instant{10_ms});
  CHECK(ended[2] == sim::Instant{10_ms});
  CHECK(bench.total(Operation::flush) == 4);
}

TEST_CASE("a flush costs its thread a fixed part and one for each member", "[raid]") {
  Description description = array_of(Level::raid0);
  description.costs = free_of_cost();
  description.costs.flush = 3_us;
  description.costs.member_flush = 1_us;
  description.costs.request = 2_us;
  Bench bench{description, 4, 64_MiB, true};
  CHECK(bench.serve(Operation::flush, {}, {}) == sim::Instant{7_us});
  CHECK(bench.thread.used == 7_us);
  CHECK(bench.serve(Operation::write, 0_KiB, 4_KiB) == sim::Instant{9_us});
  CHECK(bench.thread.used == 7_us);
}

// md-raid-lists.toml, role calibrate: kIOPS of 4 KiB writes with fsync on RAID 0 of RAM disks.
// fio waits for each fsync: from 1 to 4 disks with 1 to 4 writes in flight the time rises by three
// member flushes, as it does for one after another.
TEST_CASE("two constants give the curve of flushed writes on RAM disks", "[raid]") {
  const Duration application = sim::from_seconds(1 / 197e3);
  const std::pair<int, double> points[] = {{1, 108e3},   {4, 99e3},     {16, 75.5e3},
                                           {64, 34.7e3}, {256, 11.3e3}, {1024, 3.4e3}};
  for (const auto& [disks, recorded] : points) {
    Bench bench{array_of(Level::raid0), disks, 1_MiB, true};
    for (Disk& disk : bench.members) disk.keeps = false;
    bench.engine.spawn(write_and_sync(bench.engine, bench, application, 100));
    bench.engine.run();
    const double iops = 100 / sim::seconds(bench.engine.now() - sim::kStart);
    INFO(disks << " disks: " << iops << " for " << recorded);
    CHECK(std::abs(recorded / iops - 1) < 0.052);
  }
}

// The same source: RAID 5 over null_blk, 8 jobs of depth 64, group_thread_cnt 8: 463 kIOPS.
TEST_CASE("eight group threads write as fast as recorded on null devices", "[raid]") {
  Description description = array_of(Level::raid5);
  description.chunk = 512_KiB;
  description.group_threads = 8;
  Bench bench{description, 5, 4_GiB, true};
  for (Disk& disk : bench.members) disk.keeps = false;
  std::int64_t done = 0;
  for (int client = 0; client < 512; ++client) {
    bench.engine.spawn(write_for_ever(bench.engine, bench, client, done));
  }
  bench.engine.run_until(sim::Instant{10_ms});
  const std::int64_t before = done;
  bench.engine.run_until(sim::Instant{60_ms});
  CHECK(static_cast<double>(done - before) / 0.05 == Approx(463e3).epsilon(0.02));
}

TEST_CASE("impossible arrays say why", "[raid]") {
  const auto make = [](Description description, int disks) {
    Bench bench{description, disks};
    bench.array();
  };
  CHECK_THROWS_WITH(make(array_of(Level::raid5), 2), "raid5 with 2 disks, needs at least 3");
  Description description = array_of(Level::raid5);
  description.failed = {0, 1};
  CHECK_THROWS_WITH(make(description, 4), "raid5 with 2 failed of 4 disks has lost its data");
  description.failed = {4};
  CHECK_THROWS_WITH(make(description, 4), "raid5: failed member 4, members are 0 to 3");
  description = array_of(Level::raid5);
  description.spares = 2;
  CHECK_THROWS_WITH(make(description, 4), "raid5 with 2 disks, needs at least 3");
  description = array_of(Level::raid0);
  description.bitmap.present = true;
  CHECK_THROWS_WITH(make(description, 4), "raid0 takes no bitmap and no spares");
  description = array_of(Level::raid5);
  description.stripe_cache = 16;
  CHECK_THROWS_AS(make(description, 4), sim::ConfigError);
}

TEST_CASE("an array that has lost its data serves nothing", "[raid]") {
  Bench bench{array_of(Level::raid5), 3};
  bench.array().fail(0);
  CHECK(bench.array().state() == State::degraded);
  bench.array().fail(1);
  CHECK(bench.array().state() == State::lost);
  CHECK_THROWS_AS(bench.serve(Operation::read, 0_KiB, 4_KiB), sim::ModelError);
}
