#include "models/vmm/ticks.hpp"

#include <catch2/catch.hpp>

using namespace models::vmm;

namespace {

double exits_of(TimerDevice device, bool virtual_interrupts = false) {
  GuestClock clock;
  clock.timer = device;
  clock.handler = sim::Cycles{0};
  ExitCosts costs;
  costs.inject = sim::Cycles{0};
  costs.timer = sim::Cycles{0};
  costs.user = sim::Cycles{0};
  costs.emulate = sim::Cycles{0};
  const double light = cycles(ExitKind::cpuid, {.round_trip = sim::Cycles{700}}, costs);
  return tick_cycles(clock, {sim::Cycles{700}, virtual_interrupts}, costs) / light;
}

GuestClock with(LostTicks policy, bool paravirtual = false) {
  GuestClock clock;
  clock.tick_hz = 100;
  clock.policy = policy;
  clock.paravirtual = paravirtual;
  return clock;
}

}  // namespace

// semantics.md 4, exits per tick.
TEST_CASE("a tick takes as many exits as its device asks for") {
  CHECK(exits_of(TimerDevice::tsc_deadline, true) == Approx(2));
  CHECK(exits_of(TimerDevice::tsc_deadline) == Approx(3));
  CHECK(exits_of(TimerDevice::lapic) == Approx(2));
  CHECK(exits_of(TimerDevice::pit) == Approx(3));
  CHECK(exits_of(TimerDevice::hpet) == Approx(4));
  CHECK(exits_of(TimerDevice::rtc) == Approx(4));
  CHECK(exits_of(TimerDevice::host) == Approx(1));
  CHECK(exits_of(TimerDevice::host, true) == Approx(0).margin(1e-9));
  for (const TimerDevice device : {TimerDevice::tsc_deadline, TimerDevice::lapic, TimerDevice::pit,
                                   TimerDevice::hpet, TimerDevice::rtc, TimerDevice::host}) {
    GuestClock clock;
    clock.timer = device;
    CHECK(tick_exits(clock, false) == Approx(exits_of(device)));
  }
}

TEST_CASE("a tickless guest writes its timer around a wait, unless the ticks are the host's") {
  GuestClock clock;
  clock.idle = IdleTicks::tickless;
  CHECK(wait_exits(clock) == 0);
  clock.idle_writes = 2;
  CHECK(wait_exits(clock) == 2);
  clock.timer = TimerDevice::host;
  CHECK(wait_exits(clock) == 0);
  clock.timer = TimerDevice::tsc_deadline;
  clock.idle = IdleTicks::periodic;
  CHECK(wait_exits(clock) == 0);
}

TEST_CASE("devices in the VMM's process tick dearest") {
  const auto cost = [](TimerDevice device) {
    GuestClock clock;
    clock.timer = device;
    return tick_cycles(clock, {sim::Cycles{700}, true}, {});
  };
  CHECK(cost(TimerDevice::hpet) > 3 * cost(TimerDevice::tsc_deadline));
  CHECK(cost(TimerDevice::rtc) > 3 * cost(TimerDevice::pit) - 1e4);
}

TEST_CASE("a VMM that runs in a VM has ticks of its own beside the lower one's") {
  ExitCosts costs;
  costs.nested = true;
  // Two ticks of a light exit (1,100) and a handler each; the upper one's is reflected (2 x 5,000
  // and three light exits), acknowledged and set (1,100 to arm).
  const sim::Cycles handler{2'000};
  const ExitHardware hardware{sim::Cycles{700}};
  CHECK(host_tick_cycles(handler, hardware, {}) == Approx(1'100 + 2'000));
  CHECK(host_tick_cycles(handler, hardware, costs) ==
        Approx(2 * (1'100 + 2'000) + 10'000 + 3 * 1'100 + 1'100 + (1'100 + 1'100)));
}

TEST_CASE("the policy decides on ticks that fell due without a CPU") {
  const double due = 8.0;  // 80 ms at 100 Hz
  const Backlog catchup = deliver(with(LostTicks::catchup), due);
  CHECK(catchup.delivered == Approx(8));
  CHECK(catchup.lost_s == Approx(0));
  const Backlog merge = deliver(with(LostTicks::merge), due);
  CHECK(merge.delivered == Approx(1));
  CHECK(merge.lost_s == Approx(0.07));
  const Backlog discard = deliver(with(LostTicks::discard), due);
  CHECK(discard.delivered == Approx(0));
  CHECK(discard.lost_s == Approx(0.08));
  const Backlog delay = deliver(with(LostTicks::delay), due);
  CHECK(delay.lost_s == Approx(0.07));
}

TEST_CASE("a guest that reads kvm-clock loses no time with its ticks") {
  CHECK(deliver(with(LostTicks::merge, true), 8.0).lost_s == 0.0);
  CHECK(deliver(with(LostTicks::discard, true), 8.0).lost_s == 0.0);
}

TEST_CASE("less than a tick due is that part of one") {
  CHECK(deliver(with(LostTicks::merge), 0.25).delivered == Approx(0.25));
  CHECK(deliver(with(LostTicks::merge), 0.25).lost_s == Approx(0));
}
