#include "models/scheduler/decayed_weight.hpp"

#include <catch2/catch.hpp>

using models::scheduler::DecayedWeight;
using sim::Duration;
using sim::Instant;

namespace {

Instant at_ms(double ms) {
  return Instant{sim::from_seconds(ms / 1e3)};
}

}  // namespace

TEST_CASE("A weight that comes is there by half after 32 ms, and by three quarters after 64") {
  DecayedWeight weight;
  weight.add(1024.0, at_ms(0));
  weight.settle(at_ms(32));
  CHECK(weight.value() == Approx(512.0).epsilon(1e-9));
  weight.settle(at_ms(64));
  CHECK(weight.value() == Approx(768.0).epsilon(1e-9));
  weight.add(-1024.0, at_ms(64));
  weight.settle(at_ms(96));
  CHECK(weight.value() == Approx(384.0).epsilon(1e-9));
}

TEST_CASE("Steps of a microsecond add up to what one step of many milliseconds gives") {
  DecayedWeight often, once;
  often.add(1.0, at_ms(0));
  once.add(1.0, at_ms(0));
  for (int us = 1; us <= 20'000; ++us) often.settle(at_ms(us / 1e3));
  once.settle(at_ms(20));
  CHECK(often.value() == Approx(once.value()).epsilon(1e-9));
}

TEST_CASE("A part that goes from one sum to another leaves their total as it was") {
  DecayedWeight thread, other, from, to;
  thread.add(100.0, at_ms(0));
  from.add(100.0, at_ms(0));
  from.add(50.0, at_ms(10));
  other.add(50.0, at_ms(10));
  thread.settle(at_ms(25));
  from.give(thread, to, at_ms(25));
  for (DecayedWeight* each : {&thread, &other, &from, &to}) each->settle(at_ms(70));
  CHECK(to.value() == Approx(thread.value()));
  CHECK(from.value() == Approx(other.value()));
}

TEST_CASE("What is added to a part and its whole at once is what is added to each") {
  DecayedWeight part, whole, same_part, same_whole;
  for (DecayedWeight* each : {&whole, &same_whole}) each->add(300.0, at_ms(0));
  double weight = 1024.0;
  for (const double ms : {1.0, 1.5, 20.0, 90.0}) {  // the first time, one of them is behind
    DecayedWeight::add(part, whole, weight, at_ms(ms));
    same_part.add(weight, at_ms(ms));
    same_whole.add(weight, at_ms(ms));
    CHECK(part.value() == same_part.value());
    CHECK(whole.value() == same_whole.value());
    weight = -weight;
  }
}
