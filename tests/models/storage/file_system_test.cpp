#include "models/storage/file_system.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace models::storage::file_system;
using namespace sim::literals;

namespace {

struct Bench {
  explicit Bench(const Description& description, sim::Duration each = {})
      : device{engine, each, 1_GiB}, files{device, description} {}

  sim::Engine engine;
  tests::FakeDevice device;
  FileSystem files;
};

sim::Process sync_write(sim::Engine& engine, Bench& bench, std::int64_t block,
                        std::vector<sim::Instant>& ended) {
  co_await bench.files.serve(
      {.operation = Operation::write, .offset = 4_KiB * block, .size = 4_KiB});
  co_await bench.files.serve({.operation = Operation::flush});
  ended.push_back(engine.now());
}

// Kinds of the requests until fsync of one new block returns.
std::string requests(const Description& description) {
  Bench bench{description, 1_us};
  std::vector<sim::Instant> ended;
  bench.engine.spawn(sync_write(bench.engine, bench, 0, ended));
  bench.engine.run_until(sim::Instant{1_s});
  std::string all;
  for (const Request& r : bench.device.requests) {
    all += r.operation == Operation::flush ? "F" : std::to_string(r.size.count() / 4096);
    if (r.fua) all += "!";
    all += " ";
  }
  return all;
}

}  // namespace

TEST_CASE("a new block's fsync writes data, journal, flush and a durable commit record",
          "[file_system]") {
  // Descriptor and four changed blocks.
  CHECK(requests({.kind = Kind::ext4, .allocated = false}) == "1 5 F 1! ");
  CHECK(requests({.kind = Kind::ext3, .barrier = false, .allocated = false}) == "1 5 1 ");
  CHECK(requests({.kind = Kind::xfs, .allocated = false}) == "1 F 1! ");
}

TEST_CASE("fsync of rewritten blocks is a flush alone, nothing without barriers", "[file_system]") {
  CHECK(requests({.kind = Kind::ext4}) == "1 F ");
  CHECK(requests({.kind = Kind::ext4, .barrier = false}) == "1 ");
}

// 1 us a request: data 1, journal 2, flush 3, record 4; those that came meanwhile share the next.
TEST_CASE("fsyncs during a commit share the next one", "[file_system]") {
  Bench bench{{.kind = Kind::ext4, .allocated = false}, 1_us};
  std::vector<sim::Instant> ended;
  bench.engine.spawn(sync_write(bench.engine, bench, 0, ended));
  bench.engine.run_until(sim::Instant{500_ns});
  bench.engine.spawn(sync_write(bench.engine, bench, 10, ended));
  bench.engine.spawn(sync_write(bench.engine, bench, 20, ended));
  bench.engine.run_until(sim::Instant{1_s});
  CHECK(bench.files.stats().commits == 2);
  CHECK(ended ==
        std::vector<sim::Instant>{sim::Instant{4_us}, sim::Instant{7_us}, sim::Instant{7_us}});
}

TEST_CASE("metadata is committed after five seconds and written to its place later",
          "[file_system]") {
  Bench bench{{.kind = Kind::ext4, .allocated = false}};
  bench.engine.spawn(tests::await_task(
      bench.engine, bench.files.serve({.operation = Operation::write, .offset = {}, .size = 4_KiB}),
      nullptr));
  bench.engine.run_until(sim::Instant{4999_ms});
  CHECK(bench.files.stats().commits == 0);
  bench.engine.run_until(sim::Instant{5001_ms});
  CHECK(bench.files.stats().commits == 1);
  CHECK(bench.files.stats().metadata_writes == 0);
  bench.engine.run();
  CHECK(bench.files.stats().metadata_writes == 4);
}
