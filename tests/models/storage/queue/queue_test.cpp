#include "models/storage/queue/queue.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/asking.hpp"

using namespace models::storage;
using namespace models::storage::queue;
using namespace sim::literals;

namespace {

using Order = std::vector<std::int64_t>;
using Times = std::vector<sim::Duration>;
constexpr std::int64_t kUnit = 4096;

Request at(std::int64_t place, std::int64_t units = 1) {
  return {.offset = sim::Bytes{place * kUnit}, .size = sim::Bytes{units * kUnit}};
}
Request written(Request request) {
  request.operation = Operation::write;
  return request;
}

// A device of 10 ms a request behind the queue.
struct Setup {
  explicit Setup(const QueueConfig& config) : queue{device, config} {}
  Times done(const std::vector<tests::Asked>& list) {
    return tests::done_times(engine, queue, list, 10_s);
  }
  Order places() const { return device.places(kUnit); }
  sim::Engine engine;
  tests::RecordingDevice device{engine, 10_ms};
  Queue queue;
};

const QueueConfig kNoop{.scheduler = Scheduler::noop, .depth = 1};

}  // namespace

TEST_CASE("noop serves in the order of arrival", "[queue]") {
  Setup setup{kNoop};
  CHECK(setup.done({{0_ms, at(50)}, {1_ms, at(90)}, {2_ms, at(10)}}) == Times{10_ms, 20_ms, 30_ms});
  CHECK(setup.places() == Order{50, 90, 10});
}

TEST_CASE("the depth says how many are at the device at once", "[queue]") {
  QueueConfig config = kNoop;
  config.depth = 2;
  Setup setup{config};
  CHECK(setup.done({{0_ms, at(50)}, {0_ms, at(90)}, {0_ms, at(10)}}) == Times{10_ms, 10_ms, 20_ms});
}

TEST_CASE("waiting neighbours merge at both ends and complete together", "[queue]") {
  Setup setup{kNoop};
  CHECK(setup.done({{0_ms, at(50)}, {1_ms, at(11)}, {2_ms, at(12)}, {3_ms, at(10)}}) ==
        Times{10_ms, 20_ms, 20_ms, 20_ms});
  CHECK(setup.places() == Order{50, 10});
  CHECK(setup.device.asked.back().size == sim::Bytes{3 * kUnit});
  CHECK(setup.queue.stats().merged == 2);
}

TEST_CASE("what is too large, of another kind or durable does not merge", "[queue]") {
  QueueConfig config = kNoop;
  config.max_size = sim::Bytes{2 * kUnit};
  Setup setup{config};
  Request durable = written(at(31));
  durable.fua = true;
  setup.done({{0_ms, at(50)},
              {1_ms, at(10, 2)},
              {1_ms, at(12)},
              {1_ms, written(at(13))},
              {1_ms, written(at(30))},
              {1_ms, durable}});
  CHECK(setup.places() == Order{50, 10, 12, 13, 30, 31});
}

TEST_CASE("who finds no place in the queue waits for one", "[queue]") {
  QueueConfig config = kNoop;
  config.nr_requests = 2;
  Setup setup{config};
  setup.done({{0_ms, at(50)}, {0_ms, at(90)}, {1_ms, at(10)}, {2_ms, at(11)}});
  // The last merges only when it gets in, beside what took the place that became free.
  CHECK(setup.places() == Order{50, 90, 10, 11});
  CHECK(setup.queue.stats().merged == 0);
}

TEST_CASE("a flush passes by", "[queue]") {
  Setup setup{kNoop};
  CHECK(setup.done({{0_ms, at(50)}, {0_ms, at(90)}, {1_ms, {.operation = Operation::flush}}}) ==
        Times{10_ms, 20_ms, 11_ms});
}

TEST_CASE("a queue that passes nothing is refused", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 1_ms};
  CHECK_THROWS_AS((Queue{device, {.depth = 0}}), sim::ConfigError);
}
