#include "models/network/requests.hpp"

#include <catch2/catch.hpp>

#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

// Of one connection, after a while.
double mean_us(const RequestConfig& config, const StackConfig& stack = {}) {
  sim::Engine engine;
  Machine a{engine, 1, {}, {}}, b{engine, 2, stack, {}};
  a.connect(b, us(2));
  Requester client{{1, &a.stack, &a.app}, 0, config};
  Responder server{{2, &b.stack, &b.app}, 0, config};
  server.start();
  client.start(server, engine.stream("client"));
  engine.run_until(sim::kStart + us(10'000));
  return client.mean().mean() * 1e6;
}

}  // namespace

TEST_CASE("a transaction of sixteen round trips takes sixteen times as long as one") {
  CHECK(mean_us({.round_trips = 16}) == Approx(16 * mean_us({})).epsilon(0.01));
}

TEST_CASE("server and client add their own time to each round trip") {
  const double bare = mean_us({.round_trips = 4});
  CHECK(mean_us({.service = us(50), .client_service = us(20), .round_trips = 4}) ==
        Approx(bare + 4 * 70).epsilon(0.001));
}

TEST_CASE("waking a reader on another vCPU adds exits of both to a round trip") {
  const double bare = mean_us({});
  // 3,000 cycles of who interrupts and 6,000 of the interrupted, at 3 GHz.
  CHECK(mean_us({}, {.interrupt_other = sim::Cycles{3'000}, .interrupted = sim::Cycles{6'000}}) ==
        Approx(bare + 3).epsilon(0.001));
}

TEST_CASE("threads of a server that share a lock answer one after another") {
  sim::Engine engine;
  Machine a{engine, 1, {.costs = kFreeStack}, {}}, b{engine, 2, {.costs = kFreeStack}, {}};
  a.connect(b, us(2));
  OwnCpu first{engine}, second{engine};
  sim::Server lock{engine};
  const RequestConfig config{.service = us(100), .held = us(100)};
  Requester client{{1, &a.stack, &a.app}, 0, config}, other{{1, &a.stack, &a.app}, 0, config};
  Responder server{{2, &b.stack, &first}, 0, config, &lock};
  Responder slower{{2, &b.stack, &second}, 0, config, &lock};
  server.start();
  slower.start();
  client.start(server, engine.stream("client"));
  other.start(slower, engine.stream("other"));
  engine.run_until(sim::kStart + us(100'000));
  CHECK(static_cast<double>(client.transactions() + other.transactions()) ==
        Approx(1'000).epsilon(0.02));
}
