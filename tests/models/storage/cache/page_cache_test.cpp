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

class Caller : public Thread {
 public:
  explicit Caller(sim::Engine& engine) : engine_{engine} {}
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

TEST_CASE("an unsafe cache never flushes", "[page_cache]") {
  Bench unsafe{{.mode = Mode::unsafe, .size = 64_MiB}};
  unsafe.write({}, 4_KiB);
  unsafe.flush();
  CHECK(unsafe.sizes().empty());
}

// 6 GB/s: 6000 B in 1 us.
TEST_CASE("a call and its copy take the time of the thread in it, and nobody's of nobody",
          "[page_cache]") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Caller caller{engine};
  PageCache cache{device, {.size = 64_MiB, .read_call = 1_us, .write_call = 3_us}};
  Request request{.operation = Operation::write, .size = sim::Bytes{6000 * 512}, .by = &caller};
  const auto takes = [&] {
    const sim::Instant began = engine.now();
    return tests::run(engine, cache.serve(request)) - began;
  };
  CHECK(takes() == 515_us);
  request.operation = Operation::read;
  CHECK(takes() == 513_us);
  request.by = nullptr;
  CHECK(takes() == 0_us);
}

TEST_CASE(
    "who asks is passed on with what it waits for, not with what is read ahead or written late",
    "[page_cache]") {
  Bench bench{{.size = 64_MiB}};
  Caller caller{bench.engine};
  Waits waits;
  // The first two requests of a sequence: a window, and the next one beside it.
  bench.serve({.size = 4_KiB, .waits = &waits, .by = &caller});
  bench.serve({.offset = 4_KiB, .size = 4_KiB, .waits = &waits, .by = &caller});
  REQUIRE(bench.device.requests.size() == 2);
  CHECK(bench.device.requests[0].by == &caller);
  CHECK(bench.device.requests[0].waits == &waits);
  CHECK(bench.device.requests[1].by == nullptr);
  CHECK(bench.device.requests[1].waits == nullptr);
  CHECK(waits.storage_s == 0.0);  // counted below
  bench.device.requests.clear();
  bench.write(32_MiB, 4_KiB);
  bench.serve({.operation = Operation::flush, .waits = &waits, .by = &caller});
  REQUIRE(bench.device.requests.size() == 2);
  CHECK(bench.device.requests[0].by == &caller);  // fsync writes in its own call
  CHECK(bench.device.requests[0].waits == nullptr);
  CHECK(waits.storage_s == Approx(100e-6));
  CHECK(bench.device.requests[1].waits == &waits);  // the device's flush
}

TEST_CASE("a reader of a page that another one reads waits for storage", "[page_cache]") {
  Bench bench{{.size = 64_MiB, .read_ahead = {}}};
  Waits first, second;
  bench.engine.spawn(tests::await_task(
      bench.engine, bench.cache.serve({.size = 4_KiB, .waits = &first}), nullptr));
  bench.engine.run_until(sim::kStart + 40_us);
  bench.serve({.size = 4_KiB, .waits = &second});
  CHECK(bench.device.served == 1);
  CHECK(first.storage_s == 0.0);
  CHECK(second.storage_s == Approx(60e-6));
}

TEST_CASE("a share of the pages may be cached from the beginning", "[page_cache]") {
  Bench bench{{.size = 64_MiB, .read_ahead = {}, .warm = 1.0}};
  bench.read(8_KiB, 4_KiB);
  CHECK(bench.sizes().empty());
}

// 100 us of the device, four pages of 5 us, a copy of 16 KiB at 16 KiB / us.
TEST_CASE("pages that are read into the cache take the caller's time once", "[page_cache]") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Caller caller{engine};
  PageCache cache{device,
                  {.size = 64_MiB,
                   .read_ahead = {},
                   .copy_rate = sim::BytesPerSecond{16'384e6},
                   .read_call = {},
                   .page = 5_us}};
  const Request read{.offset = 1_MiB, .size = 16_KiB, .by = &caller};
  CHECK(tests::run(engine, cache.serve(read)) == sim::Instant{121_us});
  CHECK(tests::run(engine, cache.serve(read)) == sim::Instant{122_us});
}
