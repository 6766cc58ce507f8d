#include "models/vmm/exits.hpp"

#include <array>

#include "models/vmm/nesting.hpp"

namespace models::vmm {
namespace {

constexpr std::array<std::string_view, kExitKinds> kNames{
    "cpuid",  "hypercall",  "msr-write",   "timer",     "ipi",      "self-ipi",
    "eoi",    "halt",       "interrupt",   "pio",       "pio-user", "mmio-user",
    "inject", "page-table", "system-call", "clock-read"};

// The handler's own work; `fast`: the inner loop can answer it.
struct Handler {
  double own = 0.0;
  bool fast = false;
  bool user = false;
};

Handler handler(ExitKind kind, const ExitCosts& costs) {
  const auto sum = [](auto... cycles) { return (static_cast<double>(cycles.count()) + ...); };
  switch (kind) {
    case ExitKind::cpuid:
    case ExitKind::hypercall:
    case ExitKind::msr_write:
    case ExitKind::eoi:
    case ExitKind::halt:
    case ExitKind::interrupt:
    case ExitKind::inject:
    case ExitKind::pio:
    case ExitKind::system_call:
    case ExitKind::clock_read:
      return {};
    case ExitKind::timer:
      return {.own = sum(costs.timer), .fast = true};
    case ExitKind::ipi:
      return {.own = sum(costs.icr, costs.notify, costs.inject), .fast = true};
    case ExitKind::self_ipi:
      return {.own = sum(costs.icr, costs.inject)};
    case ExitKind::pio_user:
      return {.user = true};
    case ExitKind::mmio_user:
      return {.own = sum(costs.emulate), .user = true};
    case ExitKind::page_table:
      return {.own = sum(costs.emulate, costs.fault)};
  }
  return {};
}

double light(const ExitHardware& hardware, const ExitCosts& costs) {
  return static_cast<double>((hardware.round_trip + costs.dispatch + costs.mitigations).count());
}

}  // namespace

std::string_view name(ExitKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

double cycles(ExitKind kind, const ExitHardware& hardware, const ExitCosts& costs) {
  const auto count = [](sim::Cycles c) { return static_cast<double>(c.count()); };
  const auto arrival = [&] { return count(nested_arrival(hardware, costs)); };
  if (kind == ExitKind::inject) return count(costs.inject) + arrival();
  if (kind == ExitKind::system_call) return count(costs.system_call);
  if (kind == ExitKind::clock_read) {
    const double call = count(costs.clock_read);
    return call > 0 ? call + count(costs.system_call) : 0.0;
  }
  if (hardware.virtual_interrupts && kind == ExitKind::eoi) return 0.0;
  const Handler work = handler(kind, costs);
  // The lower VMM keeps AVIC and IPI virtualization to itself. [recall]
  if (kind == ExitKind::ipi && hardware.doorbell.count() > 0 && !costs.nested)
    return count(hardware.doorbell);
  const double leaving = light(hardware, costs);
  double all = leaving + work.own;
  if (work.fast && costs.fast_path) all -= count(costs.fast_path_saves);
  if (work.user) all += count(costs.user);
  all += count(reflection(hardware, costs));
  if (costs.nested && work.user) all += costs.trapped_user * leaving;
  // The upper VMM's timer for its guest's is one of its own, which exits in turn.
  if (costs.nested && kind == ExitKind::timer) all += leaving + work.own;
  if (kind == ExitKind::ipi) all += arrival();
  return all;
}

double until_taken_cycles(const ExitHardware& hardware, const ExitCosts& costs) {
  const bool stays = hardware.virtual_interrupts || costs.nested;  // nested: is counted there
  const double forced = stays ? 0.0 : light(hardware, costs);
  return cycles(ExitKind::ipi, hardware, costs) + forced;
}

}  // namespace models::vmm
