#include "sim/shared_processor.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/error.hpp"
#include "sim/process.hpp"

using namespace sim;
using namespace sim::literals;

namespace {

struct Done {
  std::string name;
  double at_s;
};

Process job(Engine& engine, SharedProcessor& cpu, std::string name, Duration at, double work,
            double weight, std::vector<Done>& done) {
  co_await engine.delay(at);
  co_await cpu.share(work, weight);
  done.push_back({name, seconds(engine.now() - Instant{})});
}

Process resize(Engine& engine, SharedProcessor& cpu, Duration at, double capacity) {
  co_await engine.delay(at);
  cpu.set_capacity(capacity);
}

void check(const std::vector<Done>& done, const std::vector<Done>& wanted) {
  REQUIRE(done.size() == wanted.size());
  for (std::size_t i = 0; i < done.size(); ++i) {
    CHECK(done[i].name == wanted[i].name);
    CHECK(done[i].at_s == Approx(wanted[i].at_s));
  }
}

}  // namespace

TEST_CASE("jobs that run together share alike") {
  // a alone 0..1 s (1 of 3 done), both 1..5 s (2 each: a done, b 2 of 3), b alone 5..6 s
  Engine engine;
  SharedProcessor cpu{engine, 1.0};
  std::vector<Done> done;
  engine.spawn(job(engine, cpu, "a", 0_s, 3.0, 1.0, done));
  engine.spawn(job(engine, cpu, "b", 1_s, 3.0, 1.0, done));
  engine.run();
  check(done, {{"a", 5.0}, {"b", 6.0}});
  CHECK(cpu.population().average(engine.now()) == Approx((1.0 + 4 * 2.0 + 1.0) / 6.0));
}

TEST_CASE("a weight of three gets three quarters beside one of one") {
  // Together until b (3 of 4 shares) is done: 3 / 0.75 = 4 s; a has 1 of 3 then, alone 2 s more.
  Engine engine;
  SharedProcessor cpu{engine, 1.0};
  std::vector<Done> done;
  engine.spawn(job(engine, cpu, "a", 0_s, 3.0, 1.0, done));
  engine.spawn(job(engine, cpu, "b", 0_s, 3.0, 3.0, done));
  engine.run();
  check(done, {{"b", 4.0}, {"a", 6.0}});
  CHECK(cpu.population().average(engine.now()) == Approx((4 * 2.0 + 2 * 1.0) / 6.0));
}

TEST_CASE("capacity may change, and stop, while jobs run") {
  // 2/s for 1 s, nothing for 3 s, 1/s for the last 2
  Engine engine;
  SharedProcessor cpu{engine, 2.0};
  std::vector<Done> done;
  engine.spawn(job(engine, cpu, "a", 0_s, 4.0, 1.0, done));
  engine.spawn(resize(engine, cpu, 1_s, 0.0));
  engine.spawn(resize(engine, cpu, 4_s, 1.0));
  engine.run();
  check(done, {{"a", 6.0}});
  CHECK(cpu.jobs() == 0);
}

TEST_CASE("alike jobs leave together, in the order in which they came") {
  Engine engine;
  SharedProcessor cpu{engine, 1.0};
  std::vector<Done> done;
  for (const char* name : {"a", "b", "c"})
    engine.spawn(job(engine, cpu, name, 0_s, 1.0, 1.0, done));
  engine.run();
  check(done, {{"a", 3.0}, {"b", 3.0}, {"c", 3.0}});
  CHECK(cpu.jobs() == 0);
}

TEST_CASE("work of nothing is done at once, and a bad capacity is refused") {
  Engine engine;
  SharedProcessor cpu{engine, 1.0};
  std::vector<Done> done;
  engine.spawn(job(engine, cpu, "a", 0_s, 0.0, 1.0, done));
  CHECK(done.size() == 0);  // it began with a delay
  engine.run();
  check(done, {{"a", 0.0}});
  CHECK_THROWS_AS(cpu.set_capacity(-1.0), ConfigError);
}
