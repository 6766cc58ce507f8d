#include "models/guest/progress.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using models::Cause;
using models::guest::Progress;

namespace {

double seconds(const Progress& progress, Cause cause) {
  return progress.seconds()[static_cast<std::size_t>(cause)];
}

}  // namespace

// 0 halted 10 us | runnable 5 us | 2 us switch, 3 us refill, 4 us for 4 instructions
TEST_CASE("every microsecond belongs to one cause", "[progress]") {
  Progress progress;
  progress.pace({.by_cause = {0.75e-6, 0.25e-6}, .total_s = 1e-6});
  progress.advance(sim::Instant{10_us});
  progress.become(Progress::State::runnable);
  progress.begin(4);
  progress.advance(sim::Instant{15_us});
  progress.become(Progress::State::running);
  progress.owe_switch(2_us);
  progress.owe_refill(3_us);
  CHECK(progress.remaining() == 9_us);
  progress.advance(sim::Instant{24_us});
  CHECK(progress.done());
  CHECK(progress.executed() == Approx(4));
  CHECK(seconds(progress, Cause::idle) == Approx(10e-6));
  CHECK(seconds(progress, Cause::steal) == Approx(5e-6));
  CHECK(seconds(progress, Cause::scheduler) == Approx(2e-6));
  CHECK(seconds(progress, Cause::cold_caches) == Approx(3e-6));
  CHECK(seconds(progress, Cause::running) == Approx(3e-6));
  CHECK(seconds(progress, Cause::llc_misses) == Approx(1e-6));
}

TEST_CASE("a halt is a wait for I/O while some is awaited", "[progress]") {
  Progress progress;
  progress.await_io(true);
  progress.advance(sim::Instant{10_us});
  progress.await_io(false);
  progress.advance(sim::Instant{13_us});
  CHECK(seconds(progress, Cause::storage) == Approx(10e-6));
  CHECK(seconds(progress, Cause::idle) == Approx(3e-6));
  CHECK(models::guest::busy_s(progress.seconds()) == Approx(0.0).margin(1e-12));
}

// 1 us refill, then 6 instructions of 1 us, the first 4 of them half a microsecond longer.
TEST_CASE("a refill that is spread slows the next instructions", "[progress]") {
  Progress progress;
  progress.pace({.by_cause = {1e-6}, .total_s = 1e-6});
  progress.become(Progress::State::running);
  progress.begin(6);
  progress.owe_refill(1_us, 2_us, 4.0);
  CHECK(progress.remaining() == 9_us);
  progress.advance(sim::Instant{4_us});
  CHECK(progress.executed() == Approx(2));
  CHECK(progress.unpaid_refill_s() == 0.0);
  CHECK(progress.unpaid_spread_s() == Approx(1e-6));
  CHECK(progress.remaining() == 5_us);
  progress.advance(sim::Instant{8_us});
  CHECK(progress.executed() == Approx(5));
  CHECK(seconds(progress, Cause::cold_caches) == Approx(3e-6));
  progress.advance(sim::Instant{9_us});
  CHECK(progress.done());
  CHECK(seconds(progress, Cause::running) == Approx(6e-6));
  progress.begin(2);  // another job's end may come before the refill's
  progress.owe_refill({}, 2_us, 4.0);
  CHECK(progress.remaining() == 3_us);
}

// Runs from 0; 2 us switch, then a loop of PAUSE to 7 us; stopped to 9 us; then 3 us refill, 4 us.
TEST_CASE("who waits in a loop refills no cache before it goes on", "[progress]") {
  Progress progress;
  progress.become(Progress::State::running);
  progress.begin_waiting();
  progress.pace({.by_cause = {1e-6}, .total_s = 1e-6});
  progress.owe_switch(2_us);
  progress.owe_refill(3_us);
  CHECK(progress.switching());
  CHECK(progress.owed() == 2_us);
  progress.advance(sim::Instant{7_us});
  CHECK_FALSE(progress.switching());
  CHECK(seconds(progress, Cause::cold_caches) == 0.0);
  CHECK(progress.executed() == 0.0);
  progress.become(Progress::State::stopped);
  progress.advance(sim::Instant{9_us});
  CHECK(seconds(progress, Cause::co_stop) == Approx(2e-6));
  progress.become(Progress::State::running);
  progress.begin(4);
  CHECK(progress.owed() == 3_us);
  CHECK(progress.remaining() == 7_us);
  progress.advance(sim::Instant{16_us});
  CHECK(progress.done());
  CHECK(seconds(progress, Cause::cold_caches) == Approx(3e-6));
}
