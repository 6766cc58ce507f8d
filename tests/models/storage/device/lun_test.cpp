#include "models/storage/device/lun.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::device;
using namespace sim::literals;

namespace {

using Times = std::vector<sim::Duration>;
constexpr sim::Bytes kCapacity{std::int64_t{1} << 40};
constexpr sim::Bytes kCommand{500'000};

// 500 kB take 500 us on a link and 250 us to stage.
LunConfig round_unit() {
  return {.links = 2,
          .link_read_rate = sim::BytesPerSecond{1e9},
          .link_write_rate = sim::BytesPerSecond{500e6},
          .max_transfer = kCommand,
          .path_latency = 50_us,
          .read_latency = 150_us,
          .write_latency = 100_us,
          .staging_rate = sim::BytesPerSecond{2e9}};
}

Times times(const LunConfig& config, const std::vector<tests::Asked>& list) {
  sim::Engine engine;
  Lun lun{engine, config, kCapacity};
  return tests::done_times(engine, lun, list, 1_s);
}

}  // namespace

TEST_CASE("a command takes the way, the array and the link, a write the link first", "[lun]") {
  const Request read{.size = kCommand};
  const Request write{.operation = Operation::write, .size = kCommand};
  CHECK(times(round_unit(), {{0_us, read}}) == Times{950_us});
  CHECK(times(round_unit(), {{0_us, write}}) == Times{1400_us});
  CHECK(times(round_unit(), {{0_us, {.operation = Operation::flush}}}) == Times{150_us});
}

TEST_CASE("a large request is cut, its commands share the array and queue for a link", "[lun]") {
  const Request read{.size = kCommand * 2};
  CHECK(times(round_unit(), {{0_us, read}}) == Times{1450_us});
  LunConfig both = round_unit();
  both.multipath = Multipath::round_robin;
  CHECK(times(both, {{0_us, read}}) == Times{950_us});
}

TEST_CASE("with failover a deep stream of reads has one link, in turns all", "[lun]") {
  const auto rate = [](Multipath multipath) {
    LunConfig config = round_unit();
    config.multipath = multipath;
    sim::Engine engine;
    Lun lun{engine, config, kCapacity};
    return tests::run(
               engine, lun,
               {.block = sim::Bytes{1'000'000}, .depth = 8, .random = false, .measured = 1_s})
        .megabytes_per_second();
  };
  CHECK(rate(Multipath::failover) == Approx(1000).epsilon(0.002));
  CHECK(rate(Multipath::round_robin) == Approx(2000).epsilon(0.002));
}

TEST_CASE("small commands are limited by latency and places, not by the link", "[lun]") {
  LunConfig config = round_unit();
  config.queue_depth = 8;
  sim::Engine engine;
  Lun lun{engine, config, kCapacity};
  // 50 + 150 + 2 + 4 us for 4 kB, eight at once.
  const auto load =
      tests::run(engine, lun, {.block = sim::Bytes{4000}, .depth = 16, .measured = 1_s});
  CHECK(load.per_second() == Approx(8 / 206e-6).epsilon(0.002));
}

TEST_CASE("a unit without links is refused", "[lun]") {
  sim::Engine engine;
  LunConfig config = round_unit();
  config.links = 0;
  CHECK_THROWS_WITH((Lun{engine, config, kCapacity}), Catch::Contains("0 links"));
}
