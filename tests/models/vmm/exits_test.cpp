#include "models/vmm/exits.hpp"

#include <catch2/catch.hpp>

#include "models/vmm/nesting.hpp"

using namespace models::vmm;

namespace {

constexpr sim::Cycles kRoundTrip{700};
const ExitCosts kPlain{};

double plain(ExitKind kind, const ExitCosts& costs = kPlain, bool virtual_interrupts = false) {
  return cycles(kind, {kRoundTrip, virtual_interrupts}, costs);
}

}  // namespace

TEST_CASE("a light exit is the round trip and the dispatch") {
  CHECK(plain(ExitKind::cpuid) == Approx(1100));
  CHECK(plain(ExitKind::hypercall) == Approx(1100));
}

// semantics.md 3.7: a return to user space adds 5,000 to 10,000 cycles.
TEST_CASE("a heavy exit goes to the process and back") {
  const double extra = plain(ExitKind::pio_user) - plain(ExitKind::pio);
  CHECK(extra >= 5000);
  CHECK(extra <= 10000);
  CHECK(plain(ExitKind::mmio_user) > plain(ExitKind::pio_user));
}

TEST_CASE("guards against leaks come with every exit") {
  ExitCosts guarded;
  guarded.mitigations = sim::Cycles{300};
  CHECK(plain(ExitKind::cpuid, guarded) == Approx(1400));
  CHECK(plain(ExitKind::timer, guarded) - plain(ExitKind::timer) == Approx(300));
  CHECK(plain(ExitKind::inject, guarded) == plain(ExitKind::inject));
}

TEST_CASE(
    "who waits for an interrupt to be taken waits for the other one's exit, if it takes one") {
  const double sent = plain(ExitKind::ipi);
  CHECK(until_taken_cycles({kRoundTrip, false}, kPlain) == Approx(sent + 1'100));
  CHECK(until_taken_cycles({kRoundTrip, true}, kPlain) == Approx(sent));
  ExitCosts nested;
  nested.nested = true;
  CHECK(until_taken_cycles({kRoundTrip, false}, nested) == Approx(plain(ExitKind::ipi, nested)));
}

TEST_CASE("a doorbell takes the place of the sender's exit") {
  CHECK(cycles(ExitKind::ipi, {kRoundTrip, true, sim::Cycles{2'000}}, kPlain) == Approx(2000));
  CHECK(cycles(ExitKind::cpuid, {kRoundTrip, true, sim::Cycles{2'000}}, kPlain) == Approx(1100));
}

TEST_CASE("system calls and looks at the clock are free where the CPU and the vDSO do them") {
  CHECK(plain(ExitKind::system_call) == 0);
  CHECK(plain(ExitKind::clock_read) == 0);
  ExitCosts paravirtual;
  paravirtual.system_call = sim::Cycles{1'300};
  CHECK(plain(ExitKind::system_call, paravirtual) == Approx(1300));
  CHECK(plain(ExitKind::clock_read, paravirtual) == 0);  // the clock is in the process
  paravirtual.clock_read = sim::Cycles{300};
  CHECK(plain(ExitKind::clock_read, paravirtual) == Approx(1600));
}

TEST_CASE("neither they nor injected interrupts count as exits") {
  int counted = 0;
  for (int i = 0; i < kExitKinds; ++i) counted += exits(static_cast<ExitKind>(i));
  CHECK(counted == kExitKinds - 3);
  CHECK_FALSE(exits(ExitKind::system_call));
  CHECK_FALSE(exits(ExitKind::clock_read));
}

TEST_CASE("the fast path shortens timers and interrupts to others, nothing else") {
  ExitCosts fast;
  fast.fast_path = true;
  for (int i = 0; i < kExitKinds; ++i) {
    const auto kind = static_cast<ExitKind>(i);
    const bool answered = kind == ExitKind::timer || kind == ExitKind::ipi;
    CHECK(plain(kind) - plain(kind, fast) == Approx(answered ? 650 : 0));
  }
}

TEST_CASE("virtual interrupt delivery leaves out the end of interrupt") {
  CHECK(plain(ExitKind::eoi) > 0);
  CHECK(plain(ExitKind::eoi, kPlain, true) == 0);
}

TEST_CASE("nesting multiplies exits, those to the process most") {
  ExitCosts nested;
  nested.nested = true;
  CHECK(plain(ExitKind::cpuid, nested) > 8 * plain(ExitKind::cpuid));
  CHECK(plain(ExitKind::pio_user, nested) > 2 * plain(ExitKind::pio, nested));
}

TEST_CASE("an interrupt to a nested vCPU has it leave its guest") {
  ExitCosts nested;
  nested.nested = true;
  // A light exit of 1,100 cycles; 2 x 5,000 between the levels and three such exits for its
  // handler.
  const double light = 1'100, reflected = 10'000 + 3 * light;
  CHECK(reflection({kRoundTrip}, nested).count() == Approx(reflected));
  CHECK(reflection({kRoundTrip}, kPlain).count() == 0);
  CHECK(plain(ExitKind::inject, nested) - plain(ExitKind::inject) == Approx(light + reflected));
  CHECK(plain(ExitKind::inject, nested, true) - plain(ExitKind::inject) == Approx(light));
  CHECK(plain(ExitKind::ipi, nested) - plain(ExitKind::ipi) == Approx(light + 2 * reflected));
  // The sender exits, whatever the CPU could do for a guest of its own.
  CHECK(cycles(ExitKind::ipi, {kRoundTrip, true, sim::Cycles{2'000}}, nested) > reflected);
}

TEST_CASE("without VMCS shadowing each field that the upper VMM reads or writes is an exit") {
  ExitCosts nested;
  nested.nested = true;
  nested.trapped_fields = 10;
  const ExitHardware before_haswell{.round_trip = kRoundTrip, .vmcs_shadowing = false};
  const auto more = [&](ExitKind kind) {
    return cycles(kind, before_haswell, nested) - plain(kind, nested);
  };
  CHECK(more(ExitKind::cpuid) == Approx(10 * 1'100));
  CHECK(more(ExitKind::inject) == Approx(10 * 1'100));
  nested.nested = false;
  CHECK(more(ExitKind::cpuid) == Approx(0));
}

TEST_CASE("the upper VMM sets its own timer for its guest's") {
  ExitCosts nested;
  nested.nested = true;
  const double timer = plain(ExitKind::timer) - plain(ExitKind::cpuid);
  CHECK(plain(ExitKind::timer, nested) - plain(ExitKind::cpuid, nested) ==
        Approx(2 * timer + plain(ExitKind::cpuid)));
}

TEST_CASE("each kind of exit has a name of its own") {
  for (int i = 0; i < kExitKinds; ++i) {
    CHECK_FALSE(name(static_cast<ExitKind>(i)).empty());
    for (int k = 0; k < i; ++k)
      CHECK(name(static_cast<ExitKind>(i)) != name(static_cast<ExitKind>(k)));
  }
}
