#include "models/vmm/nesting.hpp"

namespace models::vmm {
namespace {

sim::Cycles light(sim::Cycles round_trip, const ExitCosts& costs) {
  return round_trip + costs.dispatch + costs.mitigations;
}

}  // namespace

sim::Cycles reflection(sim::Cycles round_trip, const ExitCosts& costs) {
  if (!costs.nested) return sim::Cycles{0};
  return costs.level_switch * 2 + light(round_trip, costs) * costs.trapped_light;
}

sim::Cycles nested_arrival(sim::Cycles round_trip, bool virtual_interrupts,
                           const ExitCosts& costs) {
  if (!costs.nested) return sim::Cycles{0};
  const sim::Cycles exit = light(round_trip, costs);
  return virtual_interrupts ? exit : exit + reflection(round_trip, costs);
}

}  // namespace models::vmm
