#include "models/storage/device/memory_disk.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/asking.hpp"

using namespace models::storage;
using namespace models::storage::device;
using namespace sim::literals;

TEST_CASE("a disk of memory takes a fixed time and a copy, so many at once", "[memory_disk]") {
  sim::Engine engine;
  MemoryDisk disk{engine,
                  {.service = 2_us, .copy_rate = sim::BytesPerSecond{1e9}, .parallel = 2},
                  sim::Bytes{1'000'000}};
  const Request read{.size = sim::Bytes{4000}};
  CHECK(tests::done_times(
            engine, disk,
            {{0_us, read}, {0_us, read}, {0_us, read}, {20_us, {.operation = Operation::flush}}},
            1_s) == std::vector<sim::Duration>{6_us, 6_us, 12_us, 22_us});
}

TEST_CASE("a disk of memory that serves nobody is refused", "[memory_disk]") {
  sim::Engine engine;
  CHECK_THROWS_AS((MemoryDisk{engine, {.parallel = 0}, sim::Bytes{4096}}), sim::ConfigError);
}
