// Once warm, events and processes come and go without the heap. AddressSanitizer replaces the
// allocator itself, so there the counts are left to the other builds.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "sim/process.hpp"
#include "sim/server.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

[[maybe_unused]] void* counted(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

#ifndef __SANITIZE_ADDRESS__

void* operator new(std::size_t bytes) {
  return counted(bytes);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

#endif

using namespace sim;
using namespace sim::literals;

namespace {

struct Timer {
  Timer(Engine& owner, Duration every)
      : period{every}, event{Event::calling<&Timer::fire>(owner, *this)} {
    event.after(period);
  }
  void fire() { event.after(period); }
  Duration period;
  Event event;
};

Process visit(Server& server) {
  co_await server.serve(3_us);
}

Process visitors(Engine& engine, Server& server) {
  for (;;) {
    co_await engine.delay(5_us);
    engine.spawn(visit(server));
  }
}

}  // namespace

TEST_CASE("events are scheduled, moved and fired without an allocation") {
  Engine engine;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 1; i <= 100; ++i)
    timers.push_back(std::make_unique<Timer>(engine, Duration{i * 1'000'000}));
  const auto meet = [&] {  // all at one instant: as many in a bucket as there ever are
    for (auto& timer : timers) timer->event.after(7_us);
  };
  meet();
  engine.run_until(Instant{} + 5_ms);
  const std::size_t before = allocations;
  engine.run_until(Instant{} + 20_ms);
  meet();
  timers.front()->event.cancel();
  CHECK(allocations == before);
  CHECK(engine.events_executed() > 50'000);
}

TEST_CASE("processes come and go without an allocation") {
  Engine engine;
  Server server{engine};
  engine.spawn(visitors(engine, server));
  engine.run_until(Instant{} + 1_ms);
  const std::size_t before = allocations;
  engine.run_until(Instant{} + 20_ms);
  CHECK(allocations == before);
  CHECK(server.stats().waiting_s.count() > 3000);
}

TEST_CASE("an unrelated component leaves the draws of the others alone") {
  const auto draws = [](bool with_other) {
    Engine engine{42};
    if (with_other) {
      Random other = engine.stream("other");
      for (int i = 0; i < 10; ++i) other.uniform();
    }
    Random own = engine.stream("own");
    std::vector<double> all;
    for (int i = 0; i < 5; ++i) all.push_back(own.uniform());
    return all;
  };
  CHECK(draws(false) == draws(true));
}
