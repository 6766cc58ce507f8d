#include "models/compute/cache_sharing.hpp"

#include <algorithm>
#include <cmath>

#include "models/compute/footprint_loads.hpp"

namespace models::compute {
namespace {

double footprint_B(const Profile& profile) {
  return static_cast<double>(profile.footprint.count());
}

}  // namespace

double CacheSharing::insertions_per_s(const Profile& profile, double space_B) const {
  const double stated = profile.llc_accesses_per_kilo_instruction / 1000.0;
  const double loads = profile.footprint_loads_per_kilo_instruction / 1000.0;
  const auto past = [&](double room_B) {
    return loads > 0 ? loads * beyond(room_B, footprint_B(profile), profile.footprint_order) : 0.0;
  };
  const double accesses = stated + past(machine_.l2_B);
  const double misses =
      stated * profile.miss_curve(space_B) + past(std::max(machine_.l2_B, space_B));
  const double stall_s =
      ((accesses - misses) * machine_.llc_latency_s + misses * machine_.memory_latency_s) /
      lines_at_once(machine_.buffers, profile, 1);
  return misses / (profile.base_cpi / machine_.frequency_Hz + stall_s);
}

std::vector<double> CacheSharing::solve(const std::vector<const Profile*>& profiles,
                                        const std::vector<int>& counts) const {
  constexpr int kRounds = 200;
  constexpr double kStep = 0.5;        // damping: insertion falls as space grows, so it converges
  constexpr double kTolerance = 1e-6;  // of the cache
  const int threads = [&] {
    int sum = 0;
    for (const int count : counts) sum += count;
    return sum;
  }();
  std::vector<double> space(profiles.size(), 0.0);
  for (std::size_t p = 0; p < profiles.size(); ++p) {
    if (counts[p] > 0) space[p] = std::min(machine_.llc_B / threads, footprint_B(*profiles[p]));
  }
  for (int round = 0; round < kRounds; ++round) {
    // Water-filling: profiles whose share exceeds their footprint are capped, the rest divided.
    std::vector<double> wanted(profiles.size(), 0.0);
    std::vector<bool> capped(profiles.size(), false);
    for (bool again = true; again;) {
      again = false;
      double left_B = machine_.llc_B;
      double inserted = 0.0;
      for (std::size_t p = 0; p < profiles.size(); ++p) {
        if (capped[p]) left_B -= counts[p] * footprint_B(*profiles[p]);
        if (!capped[p]) inserted += counts[p] * insertions_per_s(*profiles[p], space[p]);
      }
      for (std::size_t p = 0; p < profiles.size(); ++p) {
        if (counts[p] == 0 || capped[p]) continue;
        const double rate = insertions_per_s(*profiles[p], space[p]);
        wanted[p] = inserted > 0 ? left_B * rate / inserted : footprint_B(*profiles[p]);
        if (wanted[p] > footprint_B(*profiles[p])) {
          wanted[p] = footprint_B(*profiles[p]);
          capped[p] = again = true;
        }
      }
    }
    double moved_B = 0.0;
    for (std::size_t p = 0; p < profiles.size(); ++p) {
      const double step_B = kStep * (wanted[p] - space[p]);
      space[p] += step_B;
      moved_B = std::max(moved_B, std::abs(step_B));
    }
    if (moved_B < kTolerance * machine_.llc_B) break;
  }
  return space;
}

const std::vector<double>& CacheSharing::divide(const std::vector<const Profile*>& profiles,
                                                const std::vector<int>& counts) {
  const auto known = known_.find(counts);
  if (known != known_.end()) return known->second;
  return known_.emplace(counts, solve(profiles, counts)).first->second;
}

}  // namespace models::compute
