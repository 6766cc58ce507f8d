#include "sim/engine.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "sim/event.hpp"
#include "sim/process.hpp"

using namespace sim::literals;
using sim::Engine;
using sim::Event;
using sim::Instant;

namespace {

struct Recorder {
  Engine& engine;
  std::vector<std::pair<int, std::int64_t>> fired;
  void note(int who) { fired.emplace_back(who, engine.now().time_since_epoch().count()); }
};

struct Member {
  Recorder& recorder;
  int who;
  Event event;
  Member(Engine& engine, Recorder& owner, int number)
      : recorder{owner}, who{number}, event{Event::calling<&Member::fire>(engine, *this)} {}
  void fire() { recorder.note(who); }
};

sim::Process look(Engine& engine, sim::Duration after, std::vector<bool>& more) {
  co_await engine.delay(after);
  more.push_back(engine.due_at_once());
}

}  // namespace

TEST_CASE("events at one instant fire in the order in which they were scheduled", "[engine]") {
  Engine engine;
  Recorder recorder{engine, {}};
  Member a{engine, recorder, 1}, b{engine, recorder, 2}, c{engine, recorder, 3};
  b.event.after(10_ps);
  a.event.after(10_ps);
  c.event.after(5_ps);
  b.event.after(10_ps);  // rescheduled: now behind a
  engine.run();
  CHECK(recorder.fired == std::vector<std::pair<int, std::int64_t>>{{3, 5}, {1, 10}, {2, 10}});
}

TEST_CASE("run_until fires events at its end and leaves the clock there", "[engine]") {
  Engine engine;
  Recorder recorder{engine, {}};
  Member a{engine, recorder, 1}, b{engine, recorder, 2};
  a.event.after(10_ps);
  b.event.after(11_ps);
  engine.run_until(Instant{10_ps});
  CHECK(recorder.fired.size() == 1);
  CHECK(engine.now() == Instant{10_ps});
  CHECK(b.event.pending());
}

TEST_CASE("an event in the past is refused, a destroyed one does not fire", "[engine]") {
  Engine engine;
  Recorder recorder{engine, {}};
  Member a{engine, recorder, 1};
  {
    Member gone{engine, recorder, 2};
    gone.event.after(1_ps);
  }
  engine.run_until(Instant{5_ps});
  CHECK(recorder.fired.empty());
  CHECK_THROWS_AS(a.event.at(Instant{4_ps}), sim::ModelError);
}

TEST_CASE("streams depend on seed and name only", "[engine]") {
  Engine one{1}, same{1}, other{2};
  CHECK(one.stream("a").bits() == same.stream("a").bits());
  CHECK(one.stream("a").bits() != one.stream("b").bits());
  CHECK(one.stream("a").bits() != other.stream("a").bits());
}

namespace {

sim::Process wander(Engine& engine, int who, std::vector<std::uint64_t>& log) {
  sim::Random random = engine.stream("wander" + std::to_string(who));
  for (int step = 0; step < 200; ++step) {
    co_await engine.delay(random.exponential(1_us));
    log.push_back(static_cast<std::uint64_t>(engine.now().time_since_epoch().count()) * 8 +
                  static_cast<std::uint64_t>(who));
  }
}

std::vector<std::uint64_t> story(std::uint64_t seed) {
  Engine engine{seed};
  std::vector<std::uint64_t> log;
  for (int who = 0; who < 8; ++who) engine.spawn(wander(engine, who, log));
  engine.run();
  return log;
}

}  // namespace

TEST_CASE("engines in parallel threads give what they give one after another", "[engine]") {
  std::vector<std::vector<std::uint64_t>> together(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < together.size(); ++i) {
      threads.emplace_back([&together, i] { together[i] = story(i); });
    }
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    REQUIRE(together[i].size() == 1600);
    CHECK(together[i] == story(i));
  }
}

TEST_CASE("a handler sees whether more is due at its instant") {
  Engine engine;
  std::vector<bool> more;
  for (const sim::Duration after : {5_us, 5_us, 6_us}) engine.spawn(look(engine, after, more));
  engine.run();
  CHECK(more == std::vector<bool>{true, false, false});
  more.clear();
  for (int i = 0; i < 2; ++i) engine.spawn(look(engine, 0_us, more));
  engine.run();
  CHECK(more == std::vector<bool>{true, false});
}
