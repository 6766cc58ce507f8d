#include "models/storage/queue/cfq.hpp"

#include <catch2/catch.hpp>

#include "models/storage/device/hdd.hpp"
#include "models/storage/queue/queue.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::queue;
using namespace sim::literals;

namespace {

QueueConfig cfq(CfqTunables tunables = {}) {
  return {.scheduler = Scheduler::cfq, .depth = 4, .cfq = tunables};
}

// Lengths of the runs of one stream's requests, in requests.
std::vector<int> runs(const std::vector<Request>& asked) {
  std::vector<int> lengths;
  int last = -1;
  for (const Request& each : asked) {
    if (each.stream != last || lengths.empty()) lengths.push_back(0);
    ++lengths.back();
    last = each.stream;
  }
  return lengths;
}

}  // namespace

TEST_CASE("cfq: streams that read in order have the disk for a slice each", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, cfq()};
  tests::Load one{engine, queue, {.random = false, .host = 1_ms, .stream = 1}};
  tests::Load two{engine, queue, {.random = false, .host = 1_ms, .stream = 2}};
  two.next = 1'000'000;
  tests::start(engine, one);
  tests::start(engine, two);
  engine.run_until(sim::kStart + 2_s);
  // A slice of 100 ms begins with the first completion: 21 requests of 5 ms, first one included.
  const std::vector<int> lengths = runs(device.asked);
  REQUIRE(lengths.size() > 10);
  for (std::size_t i = 1; i + 1 < lengths.size(); ++i) CHECK(lengths[i] == 21);
}

TEST_CASE("cfq: a slice shrinks when many wait, and grows with weight", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, cfq({.low_latency = false})};
  queue.set_weight(1, 1000);
  tests::Load one{engine, queue, {.random = false, .host = 1_ms, .stream = 1}};
  tests::Load two{engine, queue, {.random = false, .host = 1_ms, .stream = 2}};
  two.next = 1'000'000;
  tests::start(engine, one);
  tests::start(engine, two);
  engine.run_until(sim::kStart + 2_s);
  const std::vector<int> lengths = runs(device.asked);
  REQUIRE(lengths.size() > 4);
  CHECK(lengths[2] == 41);  // 200 ms
  CHECK(lengths[3] == 21);
}

TEST_CASE("cfq: a seeky stream is not waited for", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, cfq()};
  tests::Load one{engine, queue, {.host = 1_ms, .stream = 1}};
  tests::Load two{engine, queue, {.host = 1_ms, .stream = 2}};
  tests::start(engine, one);
  tests::start(engine, two);
  engine.run_until(sim::kStart + 2_s);
  const std::vector<int> lengths = runs(device.asked);
  CHECK(lengths.back() == 1);
  CHECK(lengths[lengths.size() / 2] == 1);
}

TEST_CASE("cfq: asynchronous writes yield to reads and are not starved", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, cfq()};
  tests::Load reads{engine, queue, {.random = false, .host = 1_ms, .stream = 1}};
  tests::Load writes{
      engine, queue, {.operation = Operation::write, .depth = 16, .synchronous = false}};
  tests::start(engine, reads);
  tests::start(engine, writes);
  engine.run_until(sim::kStart + 5_s);
  double read = 0;
  for (const Request& each : device.asked) read += each.operation == Operation::read;
  const double share = read / static_cast<double>(device.asked.size());
  CHECK(share > 0.6);
  CHECK(share < 0.97);
}

// Two streams at opposite ends of a disk: taking turns request by request costs seeks.
TEST_CASE("cfq: slices keep two streams near the media rate where noop does not", "[queue]") {
  const auto rate = [](Scheduler scheduler) {
    sim::Engine engine;
    device::Hdd disk{engine, {}, sim::Bytes{1'000'000'000'000}};
    Queue queue{disk, {.scheduler = scheduler, .depth = 4}};
    const tests::Job job{.block = sim::Bytes{65'536}, .random = false, .host = 100_us};
    tests::Job first = job;
    first.stream = 1;
    tests::Job second = job;
    second.stream = 2;
    tests::Load one{engine, queue, first};
    tests::Load two{engine, queue, second};
    two.next = 10'000'000;
    one.counting = two.counting = true;
    tests::start(engine, one);
    tests::start(engine, two);
    engine.run_until(sim::kStart + job.measured);
    return one.megabytes_per_second() + two.megabytes_per_second();
  };
  const double noop = rate(Scheduler::noop);
  CHECK(noop < 15);
  CHECK(rate(Scheduler::cfq) > 6 * noop);
  CHECK(rate(Scheduler::anticipatory) > 6 * noop);
  CHECK(rate(Scheduler::bfq) > 6 * noop);
}
