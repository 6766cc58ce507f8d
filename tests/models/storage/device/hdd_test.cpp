#include "models/storage/device/hdd.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::device;
using namespace sim::literals;
using tests::Asked;

namespace {

constexpr sim::Bytes kMegabyte{1'000'000};
constexpr sim::Bytes kCapacity = kMegabyte * 100'000;
using Times = std::vector<sim::Duration>;

// A turn of 10 ms at 100 MB/s, no seeks, no overhead, an interface of 1 GB/s.
HddConfig round_disk() {
  return {.platter = {.rpm = 6000,
                      .track_to_track = {},
                      .average_seek = {},
                      .full_stroke = {},
                      .outer_rate = sim::BytesPerSecond{100e6},
                      .inner_rate = sim::BytesPerSecond{100e6},
                      .zones = 1},
          .write_settle = {},
          .command_overhead = {},
          .interface_rate = sim::BytesPerSecond{1e9},
          .write_cache = false};
}

Request read_at(std::int64_t kilobytes, std::int64_t size = 1) {
  return {.offset = sim::Bytes{kilobytes * 1000}, .size = sim::Bytes{size * 1000}};
}
Request write_at(std::int64_t kilobytes, std::int64_t size = 1) {
  Request request = read_at(kilobytes, size);
  request.operation = Operation::write;
  return request;
}
constexpr Request kFlush{.operation = Operation::flush};

HddConfig typical() {
  HddConfig config;
  config.platter = {.outer_rate = sim::BytesPerSecond{200e6},
                    .inner_rate = sim::BytesPerSecond{100e6}};
  return config;
}

}  // namespace

// Tolerance: 6 000 draws, spread of a turn / sqrt(12), 6 deviations are 2.2 %.
TEST_CASE("a random read at depth 1 waits half a turn", "[hdd]") {
  sim::Engine engine;
  Hdd disk{engine, round_disk(), kCapacity};
  const auto load = tests::run(engine, disk, {.block = sim::Bytes{4000}, .measured = 30_s});
  CHECK(load.latency_us.mean() == Approx(5000 + 40).epsilon(0.025));
}

TEST_CASE("a stream of reads runs at the media rate, whatever the host takes between", "[hdd]") {
  for (const sim::Duration host : {0_us, 50_us, 700_us}) {
    sim::Engine engine;
    Hdd disk{engine, round_disk(), kCapacity};
    const auto load =
        tests::run(engine, disk,
                   {.block = sim::Bytes{100'000}, .random = false, .host = host, .measured = 5_s});
    CHECK(load.megabytes_per_second() == Approx(100).epsilon(0.005));
  }
}

TEST_CASE("a stream of writes loses a turn each without the cache, and none with it", "[hdd]") {
  const auto rate = [](bool cache, int depth) {
    HddConfig config = round_disk();
    config.write_cache = cache;
    config.command_overhead = 100_us;
    sim::Engine engine;
    Hdd disk{engine, config, kCapacity};
    return tests::run(engine, disk,
                      {.operation = Operation::write,
                       .block = sim::Bytes{100'000},
                       .depth = depth,
                       .random = false,
                       .measured = 5_s})
        .megabytes_per_second();
  };
  CHECK(rate(false, 1) == Approx(100'000 / 11e-3 / 1e6).epsilon(0.005));  // a turn and its 1 ms
  CHECK(rate(false, 2) == Approx(100).epsilon(0.005));                    // the next is at hand
  CHECK(rate(true, 1) == Approx(100).epsilon(0.01));
}

TEST_CASE("the arm takes what comes under the head first", "[hdd]") {
  sim::Engine engine;
  Hdd disk{engine, round_disk(), kCapacity};
  // Angles in ms: the first is under way from 1 to 2, then 3, 6 and, a turn later, 1.5.
  const Times done = tests::done_times(engine, disk,
                                       {{0_ms, read_at(100, 100)},
                                        {0_ms, read_at(10'600, 10)},
                                        {0_ms, read_at(20'150, 10)},
                                        {0_ms, read_at(30'300, 10)}},
                                       50_ms);
  CHECK(done == Times{2_ms, 6100_us, 11'600_us, 3100_us});
}

TEST_CASE("depth 32 reads about twice as much as depth 1", "[hdd]") {
  const auto per_second = [](int depth) {
    sim::Engine engine;
    Hdd disk{engine, typical(), kCapacity * 10};
    return tests::run(engine, disk, {.depth = depth, .measured = 60_s}).per_second();
  };
  const double one = per_second(1);
  CHECK(one == Approx(80).epsilon(0.05));
  CHECK(per_second(4) / one == Approx(1.3).epsilon(0.15));
  CHECK(per_second(32) / one == Approx(2.2).epsilon(0.15));
}

TEST_CASE("a deeper queue reads more, however long it makes commands wait", "[hdd]") {
  const auto per_second = [](int depth) {
    sim::Engine engine;
    HddConfig config = typical();
    config.ncq_depth = depth;
    Hdd disk{engine, config, kCapacity * 10};
    return tests::run(engine, disk, {.depth = depth, .measured = 60_s}).per_second();
  };
  const double shallow = per_second(32);
  CHECK(per_second(128) > 1.1 * shallow);
  CHECK(per_second(512) > 1.1 * shallow);
}

TEST_CASE("a deep queue of writes in the cache goes to the platter by distance, not by age",
          "[hdd]") {
  const auto per_second = [](Operation operation, int cached) {
    sim::Engine engine;
    HddConfig config = typical();
    config.cached_writes = cached;
    Hdd disk{engine, config, kCapacity * 10};
    return tests::run(engine, disk, {.operation = operation, .depth = 32, .measured = 60_s})
        .per_second();
  };
  CHECK(per_second(Operation::write, 64) > per_second(Operation::read, 64));
  CHECK(per_second(Operation::write, 256) > 1.1 * per_second(Operation::write, 64));
}

// All of the queue when it came, and what comes within the age limit, may go before it.
TEST_CASE("a far request is served in bounded time beside ever new near ones", "[hdd]") {
  const auto waits = [](sim::Duration limit) {
    sim::Engine engine;
    HddConfig config = typical();
    config.age_limit = limit;
    Hdd disk{engine, config, kCapacity};
    tests::Load near{engine, disk, {.depth = 16, .span = kMegabyte * 100}};
    tests::start(engine, near);
    sim::Duration done = sim::Duration::max();
    engine.spawn(tests::ask(engine, disk, 100_ms, read_at(90'000'000), done));
    engine.run_until(sim::kStart + 30_s);
    return done - 100_ms;
  };
  CHECK(waits(200_ms) < 200_ms + 17 * 25_ms);
  CHECK(waits(2_s) < 2_s + 17 * 25_ms);
  CHECK(waits(2_s) > 2 * waits(200_ms));
  CHECK(waits(1'000'000_s) > 20_s);
}

TEST_CASE("a flush is served in bounded time beside ever new writes near the head", "[hdd]") {
  sim::Engine engine;
  HddConfig config = typical();
  config.age_limit = 1_s;
  Hdd disk{engine, config, kCapacity};
  sim::Duration far{}, flush = sim::Duration::max();
  tests::Load near{
      engine, disk, {.operation = Operation::write, .depth = 16, .span = kMegabyte * 100}};
  tests::start(engine, near);
  engine.spawn(tests::ask(engine, disk, 100_ms, write_at(90'000'000), far));
  engine.spawn(tests::ask(engine, disk, 500_ms, kFlush, flush));
  engine.run_until(sim::kStart + 10_s);
  CHECK(flush < 500_ms + 1_s + 64 * 25_ms);
}

TEST_CASE("a write is done in the cache, a flush when it lies on the platter", "[hdd]") {
  sim::Engine engine;
  HddConfig config = round_disk();
  config.write_cache = true;
  config.command_overhead = 1_ms;
  Hdd disk{engine, config, kCapacity};
  // 100 kB over the interface: 0.1 ms. The arm waits for angle 5 ms and writes for 1 ms.
  const Times done = tests::done_times(
      engine, disk, {{0_ms, write_at(500, 100)}, {2_ms, kFlush}, {20_ms, kFlush}}, 50_ms);
  CHECK(done == Times{1100_us, 6_ms, 21_ms});
}

TEST_CASE("a write with FUA waits for the platter", "[hdd]") {
  sim::Engine engine;
  HddConfig config = round_disk();
  config.write_cache = true;
  Hdd disk{engine, config, kCapacity};
  Request durable = write_at(500, 100);
  durable.fua = true;
  CHECK(tests::done_times(engine, disk, {{0_ms, durable}}, 50_ms) == Times{6_ms});
}

TEST_CASE("writes wait for room when the cache is full", "[hdd]") {
  sim::Engine engine;
  HddConfig config = round_disk();
  config.write_cache = true;
  config.cached_writes = 2;
  Hdd disk{engine, config, kCapacity};
  // Of two places the arm has one until 2.01 ms; then the third write comes in.
  const Times done = tests::done_times(
      engine, disk, {{0_ms, write_at(200)}, {0_ms, write_at(400)}, {0_ms, write_at(600)}}, 50_ms);
  CHECK(done[0] == 1_us);
  CHECK(done[1] == 2_us);
  CHECK(done[2] == 2010_us);
}

TEST_CASE("adjacent writes share a place in the cache and go to the platter as one", "[hdd]") {
  sim::Engine engine;
  HddConfig config = round_disk();
  config.write_cache = true;
  Hdd disk{engine, config, kCapacity};
  std::vector<Asked> list{{0_ms, write_at(900)}};  // keeps the arm until 9.01 ms
  for (int i = 0; i < 10; ++i) list.push_back({1_ms, write_at(100 + i)});
  list.push_back({2_ms, kFlush});
  CHECK(tests::done_times(engine, disk, list, 50_ms).back() == 11'100_us);
  CHECK(disk.stats().media_writes == 2);
}

TEST_CASE("what was read ahead or waits in the write cache is read without the arm", "[hdd]") {
  sim::Engine engine;
  HddConfig config = round_disk();
  config.write_cache = true;
  Hdd disk{engine, config, kCapacity};
  const Times done = tests::done_times(engine, disk,
                                       {{0_ms, read_at(0, 100)},        // read on to 2.1 MB
                                        {5_ms, read_at(300, 100)},      // at 5 ms it has 500 kB
                                        {5_ms, read_at(500, 100)},      // on its way
                                        {30_ms, read_at(2000, 50)},     // in the buffer
                                        {40_ms, write_at(50'000'100)},  // arm busy until 41.01 ms
                                        {40'500_us, write_at(60'000'900)},
                                        {40'600_us, read_at(60'000'900)}},
                                       60_ms);
  CHECK(done == Times{1_ms, 5100_us, 6_ms, 30'050_us, 40'001_us, 40'501_us, 40'601_us});
  CHECK(disk.stats().media_reads == 2);
  CHECK(disk.stats().buffer_hits == 3);
}

TEST_CASE("a cache without room is refused", "[hdd]") {
  sim::Engine engine;
  HddConfig config = typical();
  config.cached_writes = 0;
  CHECK_THROWS_WITH((Hdd{engine, config, kCapacity}), Catch::Contains("write_cache = false"));
}
