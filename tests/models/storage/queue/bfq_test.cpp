#include "models/storage/queue/bfq.hpp"

#include <catch2/catch.hpp>

#include "models/storage/queue/queue.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::queue;
using namespace sim::literals;

namespace {

QueueConfig bfq(BfqTunables tunables) {
  return {.scheduler = Scheduler::bfq, .depth = 4, .bfq = tunables};
}

// Shares of bytes of streams 1 and 2, both always backlogged.
double share_of_first(const BfqTunables& tunables, int weight, const tests::Job& one,
                      const tests::Job& two) {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, bfq(tunables)};
  queue.set_weight(1, weight);
  tests::Load first{engine, queue, one};
  tests::Load second{engine, queue, two};
  second.next = 1'000'000;
  tests::start(engine, first);
  tests::start(engine, second);
  engine.run_until(sim::kStart + 60_s);
  double bytes = 0;
  double all = 0;
  for (const Request& each : device.asked) {
    const auto size = static_cast<double>(each.size.count());
    all += size;
    if (each.stream == 1) bytes += size;
  }
  return bytes / all;
}

// One request of 512 KiB in 4 ms: a budget of 8 MiB is 16 of them, 64 ms.
tests::Job large(int stream) {
  return {.block = sim::Bytes{524'288}, .depth = 2, .random = false, .stream = stream};
}

}  // namespace

TEST_CASE("bfq: backlogged streams share by weight", "[queue]") {
  const BfqTunables tunables{.low_latency = false};
  CHECK(share_of_first(tunables, 100, large(1), large(2)) == Approx(0.5).epsilon(0.02));
  CHECK(share_of_first(tunables, 300, large(1), large(2)) == Approx(0.75).epsilon(0.03));
}

TEST_CASE("bfq: asynchronous bytes count threefold", "[queue]") {
  tests::Job writes = large(2);
  writes.operation = Operation::write;
  writes.synchronous = false;
  writes.depth = 32;  // always backlogged
  CHECK(share_of_first({.low_latency = false}, 100, large(1), writes) ==
        Approx(0.75).epsilon(0.05));
}

TEST_CASE("bfq: a stream that begins after a pause goes before an old one", "[queue]") {
  sim::Engine engine;
  tests::RecordingDevice device{engine, 4_ms};
  Queue queue{device, bfq({})};
  tests::Load old{engine, queue, large(1)};
  tests::start(engine, old);
  engine.run_until(sim::kStart + 20_s);  // its own raised weight is over
  tests::Load young{engine, queue, large(2)};
  young.next = 1'000'000;
  tests::start(engine, young);
  device.asked.clear();
  engine.run_until(sim::kStart + 23_s);
  double of_young = 0;
  for (const Request& each : device.asked) of_young += each.stream == 2;
  CHECK(of_young / static_cast<double>(device.asked.size()) > 0.9);
}
