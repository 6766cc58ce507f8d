#include "models/storage/cache/page_cache.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace models::storage::cache;
using namespace sim::literals;

namespace {

struct Bench {
  explicit Bench(const Description& description, sim::Duration each = 100_us)
      : device{engine, each, 1_GiB}, cache{device, description} {}
  sim::Instant read(sim::Bytes offset, sim::Bytes size) {
    return serve({.offset = offset, .size = size});
  }
  sim::Instant write(sim::Bytes offset, sim::Bytes size) {
    return serve({.operation = Operation::write, .offset = offset, .size = size});
  }
  sim::Instant flush() { return serve({.operation = Operation::flush}); }
  // When it was served; what goes on in the background has 10 ms.
  sim::Instant serve(Request request) {
    sim::Instant ended = sim::kNever;
    engine.spawn(tests::await_task(engine, cache.serve(request), &ended));
    engine.run_until(engine.now() + 10_ms);
    return ended;
  }
  // Sizes in KiB of what reached the device since the last call, flushes as 0.
  std::vector<std::int64_t> sizes() {
    std::vector<std::int64_t> all;
    for (const Request& r : device.requests) all.push_back(r.size.count() / 1024);
    device.requests.clear();
    return all;
  }

  sim::Engine engine;
  tests::FakeDevice device;
  PageCache cache;
};

class Copier : public Thread {
 public:
  explicit Copier(sim::Engine& engine) : engine_{engine} {}
  sim::Engine& engine() { return engine_; }
  sim::Task<> work(sim::Duration cpu_time) override { co_await engine_.delay(cpu_time); }

 private:
  sim::Engine& engine_;
};

sim::Process write_all(sim::Engine& engine, PageCache& cache, int count, sim::Instant& ended) {
  for (int i = 0; i < count; ++i) {
    co_await cache.serve({.operation = Operation::write, .offset = 1024_KiB * i, .size = 1024_KiB});
  }
  ended = engine.now();
}

}  // namespace

TEST_CASE("what was read is read from memory the second time", "[page_cache]") {
  Bench bench{{.size = 1_MiB, .read_ahead = {}}};
  bench.read(64_KiB, 8_KiB);
  bench.read(64_KiB, 8_KiB);
  CHECK(bench.sizes() == std::vector<std::int64_t>{8});
  CHECK(bench.cache.stats().hits == 1);
  CHECK(bench.cache.stats().misses == 1);
}

TEST_CASE("who synchronises waits for its writes, nobody for those that make room",
          "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  bench.write(0_KiB, 4_KiB);
  bench.flush();
  REQUIRE(bench.device.requests.size() == 2);
  CHECK(bench.device.requests[0].synchronous);
  bench.device.requests.clear();
  bench.write(0_KiB, 4_KiB);
  bench.engine.run_until(bench.engine.now() + 60_s);
  REQUIRE(bench.device.requests.size() == 1);
  CHECK_FALSE(bench.device.requests[0].synchronous);
}

// 4 KiB at the beginning: window of 16 KiB, then 32, 64, 128, 128 ... as its markers are reached.
TEST_CASE("read-ahead doubles on sequential reads", "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  for (int i = 0; i < 64; ++i) bench.read(4_KiB * i, 4_KiB);
  CHECK(bench.sizes() == std::vector<std::int64_t>{16, 32, 64, 128, 128, 128});
  CHECK(bench.cache.stats().misses == 1);
}

TEST_CASE("random reads read no more than they ask for", "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  for (int i = 1; i < 9; ++i) bench.read(4_KiB * (i * 997 % 4096), 4_KiB);
  CHECK(bench.sizes() == std::vector<std::int64_t>(8, 4));
}

TEST_CASE("the least recently used pages make room", "[page_cache]") {
  Bench bench{{.size = 1_MiB, .read_ahead = {}}};
  for (int i = 0; i < 5; ++i) bench.read(256_KiB * i, 256_KiB);
  bench.sizes();
  bench.read(1024_KiB, 256_KiB);
  CHECK(bench.sizes().empty());
  bench.read({}, 256_KiB);
  CHECK(bench.sizes() == std::vector<std::int64_t>{256});
}

TEST_CASE("writes go to memory, fsync writes them in order of place and flushes", "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  const sim::Instant before = bench.engine.now();
  CHECK(bench.write(64_KiB, 4_KiB) == before);
  bench.write(4_KiB, 8_KiB);
  bench.write(12_KiB, 4_KiB);
  CHECK(bench.sizes().empty());
  CHECK(bench.cache.dirty() == 16_KiB);
  const sim::Instant asked = bench.engine.now();
  CHECK(bench.flush() == asked + 200_us);  // both writes at once, then the flush
  CHECK(bench.sizes() == std::vector<std::int64_t>{12, 4, 0});
  CHECK(bench.cache.dirty() == sim::Bytes{});
}

TEST_CASE("a part of a page is read before it is written", "[page_cache]") {
  Bench bench{{.size = 64_MiB, .read_ahead = {}}};
  bench.write(sim::Bytes{512}, sim::Bytes{512});
  CHECK(bench.sizes() == std::vector<std::int64_t>{4});
}

TEST_CASE("dirty pages are written after thirty seconds", "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  bench.write({}, 4_KiB);
  bench.engine.run_until(sim::Instant{29_s});
  CHECK(bench.sizes().empty());
  bench.engine.run_until(sim::Instant{36_s});
  CHECK(bench.sizes() == std::vector<std::int64_t>{4});
}

// 100 MiB, 10 us a write of at most 1 MiB: 20 MiB go to memory, the rest at the device's pace.
TEST_CASE("a writer above dirty_ratio goes at the pace of write-back", "[page_cache]") {
  Bench bench{{.size = 100_MiB, .largest_write = 1_MiB, .writes_at_once = 1}, 1_ms};
  sim::Instant ended{};
  bench.engine.spawn(write_all(bench.engine, bench.cache, 80, ended));
  bench.engine.run();
  CHECK(sim::seconds(ended - sim::kStart) == Approx(0.060).epsilon(0.1));
  CHECK(bench.cache.stats().throttled > 50_ms);
}

TEST_CASE("cache=none passes requests on, directsync adds a flush to each write", "[page_cache]") {
  Bench none{{.mode = Mode::none, .size = 64_MiB}};
  none.write({}, 4_KiB);
  none.read({}, 4_KiB);
  none.flush();
  CHECK(none.sizes() == std::vector<std::int64_t>{4, 4, 0});
  Bench sync{{.mode = Mode::directsync, .size = 64_MiB}};
  sync.write({}, 4_KiB);
  CHECK(sync.sizes() == std::vector<std::int64_t>{4, 0});
}

TEST_CASE("writethrough writes and flushes but reads from memory, unsafe never flushes",
          "[page_cache]") {
  Bench through{{.mode = Mode::writethrough, .size = 64_MiB}};
  through.write({}, 4_KiB);
  through.read({}, 4_KiB);
  CHECK(through.sizes() == std::vector<std::int64_t>{4, 0});
  Bench unsafe{{.mode = Mode::unsafe, .size = 64_MiB}};
  unsafe.write({}, 4_KiB);
  unsafe.flush();
  CHECK(unsafe.sizes().empty());
}

// 6 GB/s: 6000 B in 1 us.
TEST_CASE("copies take the copier's time", "[page_cache]") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Copier copier{engine};
  PageCache cache{device, {.size = 64_MiB}, &copier};
  const sim::Instant ended = tests::run(
      engine, cache.serve({.operation = Operation::write, .size = sim::Bytes{6000 * 512}}));
  CHECK(ended == sim::Instant{512_us});
}

TEST_CASE("a share of the pages may be cached from the beginning", "[page_cache]") {
  Bench bench{{.size = 64_MiB, .read_ahead = {}, .warm = 1.0}};
  bench.read(8_KiB, 4_KiB);
  CHECK(bench.sizes().empty());
}

// 100 us of the device, four pages of 5 us, a copy of 16 KiB at 16 KiB / us.
TEST_CASE("pages that are read into the cache take the copier's time once", "[page_cache]") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Copier copier{engine};
  PageCache cache{
      device,
      {.size = 64_MiB, .read_ahead = {}, .copy_rate = sim::BytesPerSecond{16'384e6}, .page = 5_us},
      &copier};
  const Request read{.operation = Operation::read, .offset = 1_MiB, .size = 16_KiB};
  CHECK(tests::run(engine, cache.serve(read)) == sim::Instant{121_us});
  CHECK(tests::run(engine, cache.serve(read)) == sim::Instant{122_us});
}
