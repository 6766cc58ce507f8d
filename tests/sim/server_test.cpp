#include "sim/server.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/error.hpp"
#include "sim/process.hpp"

using namespace sim;
using namespace sim::literals;

namespace {

using Times = std::vector<std::pair<char, double>>;  // who, when in ms

Process job(Engine& engine, Server& server, char name, Duration at, Duration work, Times& done) {
  co_await engine.delay(at);
  co_await server.serve(work);
  done.emplace_back(name, seconds(engine.now() - Instant{}) * 1e3);
}

Process holder(Engine& engine, Server& server, char name, Duration work, Times& got) {
  {
    const Server::Held held = co_await server.hold();
    got.emplace_back(name, seconds(engine.now() - Instant{}) * 1e3);
    co_await engine.delay(work);
  }
  co_await engine.delay(1_ms);
}

Process again(Engine& engine, Server& server, char name, int times, Times& done) {
  for (int i = 0; i < times; ++i) {
    co_await server.serve(1_ms);
    done.emplace_back(name, seconds(engine.now() - Instant{}) * 1e3);
  }
}

}  // namespace

TEST_CASE("one server serves in the order of arrival") {
  // ms   0    1    2    3    4    5    6    7    8    9
  //      a---------------------a b---------b c--------c
  //           b waits            c waits
  Engine engine;
  Server server{engine};
  Times done;
  engine.spawn(job(engine, server, 'a', 0_ms, 4_ms, done));
  engine.spawn(job(engine, server, 'b', 1_ms, 2_ms, done));
  engine.spawn(job(engine, server, 'c', 2_ms, 3_ms, done));
  engine.run();
  CHECK(done == Times{{'a', 4}, {'b', 6}, {'c', 9}});
  CHECK(server.stats().waiting_s.mean() == Approx((0 + 3 + 4) * 1e-3 / 3));
  // Waiting: b 1..4, c 2..6 of 9 ms.
  CHECK(server.stats().queue.average(engine.now()) == Approx(7.0 / 9.0));
  CHECK(server.stats().busy.average(engine.now()) == Approx(1.0));
}

TEST_CASE("several servers take one each") {
  Engine engine;
  Server server{engine, 2};
  Times done;
  engine.spawn(job(engine, server, 'a', 0_ms, 4_ms, done));
  engine.spawn(job(engine, server, 'b', 0_ms, 1_ms, done));
  engine.spawn(job(engine, server, 'c', 0_ms, 1_ms, done));
  engine.run();
  CHECK(done == Times{{'b', 1}, {'c', 2}, {'a', 4}});
}

TEST_CASE("who comes back queues behind those that wait") {
  Engine engine;
  Server server{engine};
  Times done;
  engine.spawn(again(engine, server, 'a', 2, done));
  engine.spawn(again(engine, server, 'b', 2, done));
  engine.run();
  CHECK(done == Times{{'a', 1}, {'b', 2}, {'a', 3}, {'b', 4}});
}

TEST_CASE("a held server is free again when its holder lets go") {
  Engine engine;
  Server server{engine};
  Times got;
  engine.spawn(holder(engine, server, 'a', 3_ms, got));
  engine.spawn(holder(engine, server, 'b', 2_ms, got));
  engine.run();
  CHECK(got == Times{{'a', 0}, {'b', 3}});
}

TEST_CASE("processes that still wait when the engine goes are taken down with it") {
  Times done;
  {
    Engine engine;
    Server server{engine};
    engine.spawn(job(engine, server, 'a', 0_ms, 4_ms, done));
    engine.spawn(job(engine, server, 'b', 0_ms, 4_ms, done));
    engine.run_until(Instant{} + 1_ms);
  }
  CHECK(done.empty());
}

TEST_CASE("no server at all is refused") {
  Engine engine;
  CHECK_THROWS_AS(Server(engine, 0), ConfigError);
}
