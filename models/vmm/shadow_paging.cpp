#include "models/vmm/shadow_paging.hpp"

#include <algorithm>

namespace models::vmm {
namespace {

double count(sim::Cycles cycles) {
  return static_cast<double>(cycles.count());
}

}  // namespace

// A list of n that drops the least used holds the last n spaces: the one before the last, which a
// return goes to, from n = 2 on; any other one with n / spaces.
double target_hits(const AddressSpaces& use, int cr3_targets) {
  if (cr3_targets <= 0) return 0.0;
  const double any = std::min(1.0, cr3_targets / std::max(1.0, use.spaces));
  return cr3_targets >= 2 ? use.returns + (1.0 - use.returns) * any : any;
}

double switch_cycles(const AddressSpaces& use, const ExitHardware& hardware, const ExitCosts& costs,
                     const ShadowTunables& shadow) {
  const double refill = use.kernel_pages * count(shadow.tlb_entry);
  const double exit = cycles(ExitKind::msr_write, hardware, costs);
  const double fault = exit + count(costs.fault);
  const double exits = shadow.tables == ShadowTables::cached
                           ? exit + count(shadow.load)
                           : exit + count(shadow.flush) + use.user_pages * fault;
  return refill + (1.0 - target_hits(use, shadow.cr3_targets)) * exits;
}

}  // namespace models::vmm
