#include "models/memory/khugepaged.hpp"

#include <algorithm>

#include "sim/error.hpp"

namespace models::memory {

Khugepaged::Khugepaged(const KhugepagedTunables& tunables, sim::Bytes memory) {
  if (tunables.pages_to_scan < 1) throw sim::ConfigError{"khugepaged scans 0 pages, needs 1"};
  const double turns = static_cast<double>(memory.count()) / 4096.0 / tunables.pages_to_scan;
  round_ = sim::from_seconds(turns * sim::seconds(tunables.sleep));
}

double Khugepaged::covered(double start, double most, sim::Duration age) const {
  if (most <= start) return std::min(start, std::max(most, 0.0));
  const double done = round_ > sim::Duration::zero() ? sim::seconds(age) / sim::seconds(round_) : 1;
  return start + (most - start) * std::clamp(done, 0.0, 1.0);
}

}  // namespace models::memory
