#include "models/scheduler/decayed_weight.hpp"

#include <catch2/catch.hpp>

using models::scheduler::DecayedWeight;
using sim::Duration;
using sim::Instant;

namespace {

DecayedWeight::Kept at_ms(double ms) {
  return DecayedWeight::Kept{Instant{sim::from_seconds(ms / 1e3)}};
}

void add(DecayedWeight& weight, double more, double ms) {
  auto kept = at_ms(ms);
  weight.add(more, kept);
}

void settle(DecayedWeight& weight, double ms) {
  auto kept = at_ms(ms);
  weight.settle(kept);
}

}  // namespace

TEST_CASE("A weight that comes is there by half after 32 ms, and by three quarters after 64") {
  DecayedWeight weight;
  add(weight, 1024.0, 0);
  settle(weight, 32);
  CHECK(weight.value() == Approx(512.0).epsilon(1e-9));
  settle(weight, 64);
  CHECK(weight.value() == Approx(768.0).epsilon(1e-9));
  add(weight, -1024.0, 64);
  settle(weight, 96);
  CHECK(weight.value() == Approx(384.0).epsilon(1e-9));
}

TEST_CASE("Steps of a microsecond add up to what one step of many milliseconds gives") {
  DecayedWeight often, once;
  add(often, 1.0, 0);
  add(once, 1.0, 0);
  for (int us = 1; us <= 20'000; ++us) settle(often, us / 1e3);
  settle(once, 20);
  CHECK(often.value() == Approx(once.value()).epsilon(1e-9));
}

TEST_CASE("A part that goes from one sum to another leaves their total as it was") {
  DecayedWeight thread, other, from, to;
  add(thread, 100.0, 0);
  add(from, 100.0, 0);
  add(from, 50.0, 10);
  add(other, 50.0, 10);
  settle(thread, 25);
  auto kept = at_ms(25);
  from.give(thread, to, kept);
  for (DecayedWeight* each : {&thread, &other, &from, &to}) settle(*each, 70);
  CHECK(to.value() == Approx(thread.value()));
  CHECK(from.value() == Approx(other.value()));
}

TEST_CASE("Averages brought up to date with one answer are those brought up to date each alone") {
  DecayedWeight often, seldom, often_alone, seldom_alone;
  for (const double ms : {1.0, 1.5, 20.0, 90.0, 400.0}) {
    auto kept = at_ms(ms);
    often.add(1024.0, kept);
    add(often_alone, 1024.0, ms);
    if (ms != 1.5) {
      seldom.add(-335.0, kept);  // the second time both are as old, the third time they are not
      add(seldom_alone, -335.0, ms);
    }
    CHECK(often.value() == often_alone.value());
    CHECK(seldom.value() == seldom_alone.value());
  }
}
