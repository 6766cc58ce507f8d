#include "models/network/ring.hpp"

#include <catch2/catch.hpp>

#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

sim::Process produce(sim::Engine& engine, Ring& ring, int batches, std::vector<double>& at) {
  for (int i = 0; i < batches; ++i) {
    co_await ring.put_when_room(Batch{}, 1);
    at.push_back(in_us(engine.now()));
  }
}

sim::Process consume(sim::Engine& engine, Ring& ring, sim::Duration each) {
  for (;;) {
    co_await ring.take();
    co_await engine.delay(each);
    ring.done();
  }
}

}  // namespace

TEST_CASE("a full ring stops its sender until a descriptor is done") {
  sim::Engine engine;
  Ring ring{engine, 2};
  std::vector<double> at;
  engine.spawn(consume(engine, ring, us(10)));
  engine.spawn(produce(engine, ring, 5, at));
  engine.run_until(sim::kStart + us(100));
  // Two at once; the first is taken, but its descriptor comes back after 10 us.
  CHECK(at == std::vector<double>{0, 0, 10, 20, 30});
}

TEST_CASE("what is larger than the ring passes when it is empty") {
  sim::Engine engine;
  Ring ring{engine, 2};
  CHECK(ring.fits(5));
  ring.put(Batch{}, 5);
  CHECK_FALSE(ring.fits(1));
}

TEST_CASE("senders that wait for room go in turn") {
  sim::Engine engine;
  Ring ring{engine, 1};
  std::vector<double> first, second;
  engine.spawn(consume(engine, ring, us(10)));
  engine.spawn(produce(engine, ring, 4, first));
  engine.spawn(produce(engine, ring, 4, second));
  engine.run_until(sim::kStart + us(100));
  // The first asks for its second place before the other is there at all.
  CHECK(first == std::vector<double>{0, 10, 30, 50});
  CHECK(second == std::vector<double>{20, 40, 60, 70});
}
