#include "models/vmm/nesting.hpp"

namespace models::vmm {
namespace {

sim::Cycles light(const ExitHardware& hardware, const ExitCosts& costs) {
  return hardware.round_trip + costs.dispatch + costs.mitigations;
}

}  // namespace

sim::Cycles reflection(const ExitHardware& hardware, const ExitCosts& costs) {
  if (!costs.nested) return sim::Cycles{0};
  const int exits = costs.trapped_light + (hardware.vmcs_shadowing ? 0 : costs.trapped_fields);
  return costs.level_switch * 2 + light(hardware, costs) * exits;
}

sim::Cycles nested_arrival(const ExitHardware& hardware, const ExitCosts& costs) {
  if (!costs.nested) return sim::Cycles{0};
  const sim::Cycles exit = light(hardware, costs);
  return hardware.virtual_interrupts ? exit : exit + reflection(hardware, costs);
}

}  // namespace models::vmm
