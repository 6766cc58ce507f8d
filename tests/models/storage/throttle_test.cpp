#include "models/storage/throttle.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/error.hpp"
#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace models::storage::throttle;
using namespace sim::literals;

namespace {

sim::Process ask(sim::Engine&, Throttle& disk, Request request, std::vector<double>& ended_ms) {
  co_await disk.serve(request);
  ended_ms.push_back(std::round(sim::seconds(disk.engine().now() - sim::kStart) * 1e6) / 1e3);
}

// `count` requests at once; when each was served, in ms.
std::vector<double> served(const Description& limits, int count,
                           Request request = {.size = 4_KiB}) {
  sim::Engine engine;
  tests::FakeDevice device{engine};
  Group group{engine, limits};
  Throttle disk{device, group};
  std::vector<double> ended;
  for (int i = 0; i < count; ++i) engine.spawn(ask(engine, disk, request, ended));
  engine.run();
  return ended;
}

}  // namespace

// Bucket of avg / 10 = 10: the eleventh finds it full but not over.
TEST_CASE("without a max a tenth of a second's requests go at once, then the average",
          "[throttle]") {
  const auto ended = served({.total_iops_sec = 100}, 15);
  CHECK(ended == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30, 40});
}

// Bucket of 5: six at once, then one each 1/2 s.
TEST_CASE("a max of one second goes at once", "[throttle]") {
  CHECK(served({.total_iops_sec = 2, .total_iops_sec_max = 5}, 8) ==
        std::vector<double>{0, 0, 0, 0, 0, 0, 500, 1000});
}

// Burst level holds 200 and leaks 2000 a second, the bucket holds 2000 x 60 = 120 000 and fills by
// 1900 a second: 63 s at 2000 a second, then 100 a second.
TEST_CASE("a long burst keeps to its own rate", "[throttle]") {
  const auto ended =
      served({.total_iops_sec = 100, .total_iops_sec_max = 2000, .total_iops_sec_max_length = 60_s},
             126'600);
  const auto within = [&](double from_ms, double to_ms) {
    return std::count_if(ended.begin(), ended.end(),
                         [&](double t) { return t > from_ms && t <= to_ms; });
  };
  CHECK(std::count(ended.begin(), ended.end(), 0.0) == 201);
  CHECK(within(1'000, 2'000) == 2000);
  CHECK(within(62'000, 63'000) == 2000);
  CHECK(within(64'000, 65'000) == 100);
}

// 1 MB/s: 100 000 B at once; each 50 000 B more leak in 50 ms. Levels before the check: 0, 50 000,
// 100 000, 150 000.
TEST_CASE("bytes are limited by what has been let through, not by the request itself",
          "[throttle]") {
  const Request write{.operation = Operation::write, .size = sim::Bytes{50'000}};
  const Description limits{.write_bytes_sec = sim::BytesPerSecond{1e6}};
  CHECK(served(limits, 6, write) == std::vector<double>{0, 0, 0, 50, 100, 150});
  CHECK(served(limits, 6, {.size = 64_KiB}) == std::vector<double>(6, 0.0));
}

TEST_CASE("a request over size_iops_sec counts as several", "[throttle]") {
  const Description limits{.total_iops_sec = 100, .size_iops_sec = 16_KiB};
  // 64 KiB count 4: levels 0, 4, 8, 12, 14 and so on.
  CHECK(served(limits, 6, {.size = 64_KiB}) == std::vector<double>{0, 0, 0, 20, 60, 100});
}

TEST_CASE("members of a group take turns", "[throttle]") {
  sim::Engine engine;
  tests::FakeDevice device{engine};
  Group group{engine, {.total_iops_sec = 10, .group_name = "g"}};
  Throttle a{device, group};
  Throttle b{device, group};
  std::vector<double> of_a;
  std::vector<double> of_b;
  // Bucket of 1: two of a's six go at once.
  for (int i = 0; i < 6; ++i) engine.spawn(ask(engine, a, {.size = 4_KiB}, of_a));
  for (int i = 0; i < 4; ++i) engine.spawn(ask(engine, b, {.size = 4_KiB}, of_b));
  engine.run();
  CHECK(of_a == std::vector<double>{0, 0, 100, 300, 500, 700});
  CHECK(of_b == std::vector<double>{200, 400, 600, 800});
}

TEST_CASE("flushes are not limited and reads not by write limits", "[throttle]") {
  const Description limits{.write_iops_sec = 1};
  CHECK(served(limits, 4) == std::vector<double>(4, 0.0));
  CHECK(served(limits, 4, {.operation = Operation::flush}) == std::vector<double>(4, 0.0));
  CHECK(served(limits, 3, {.operation = Operation::write, .size = 4_KiB}) ==
        std::vector<double>{0, 900, 1900});
}

TEST_CASE("limits that contradict each other are refused", "[throttle]") {
  sim::Engine engine;
  using Limits = Description;
  CHECK_THROWS_AS((Group{engine, Limits{.total_iops_sec = 5, .read_iops_sec = 5}}),
                  sim::ConfigError);
  CHECK_THROWS_AS((Group{engine, Limits{.total_iops_sec_max = 5}}), sim::ConfigError);
  CHECK_THROWS_AS((Group{engine, Limits{.total_iops_sec = 5, .total_iops_sec_max = 4}}),
                  sim::ConfigError);
  CHECK_THROWS_AS((Group{engine, Limits{.total_iops_sec = 5, .total_iops_sec_max_length = 2_s}}),
                  sim::ConfigError);
}
