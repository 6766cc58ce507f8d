#include "models/compute/cache_sharing.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/compute/footprint_loads.hpp"
#include "models/compute/llc_ways.hpp"

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

void CacheSharing::add(std::vector<int> ways) {
  ways_.push_back(std::move(ways));
}

// Of the cache, what a profile may put lines into.
double CacheSharing::reach_B(std::size_t profile) const {
  if (profile >= ways_.size() || ways_[profile].empty()) return machine_.llc_B;
  return machine_.llc_B * static_cast<double>(ways_[profile].size()) / machine_.llc_ways;
}

std::vector<double> CacheSharing::solve(const std::vector<const Profile*>& profiles,
                                        const std::vector<int>& counts) const {
  constexpr int kRounds = 200;
  constexpr double kStep = 0.5;        // damping: insertion falls as space grows, so it converges
  constexpr double kTolerance = 1e-6;  // of the cache
  std::vector<double> space(profiles.size(), 0.0);
  if (machine_.llc_B <= 0) return space;
  const int threads = [&] {
    int sum = 0;
    for (const int count : counts) sum += count;
    return sum;
  }();
  const std::vector<WayRegion> parts =
      way_regions(ways_, profiles.size(), machine_.llc_ways, machine_.llc_B);
  for (std::size_t p = 0; p < profiles.size(); ++p) {
    if (counts[p] > 0) space[p] = std::min(reach_B(p) / threads, footprint_B(*profiles[p]));
  }
  std::vector<double> rate(profiles.size(), 0.0);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t p = 0; p < profiles.size(); ++p)
      rate[p] = insertions_per_s(*profiles[p], space[p]);
    // Water-filling: profiles whose share exceeds their footprint are capped, the rest divided.
    std::vector<double> wanted(profiles.size(), 0.0);
    std::vector<bool> capped(profiles.size(), false);
    for (bool again = true; again;) {
      again = false;
      std::fill(wanted.begin(), wanted.end(), 0.0);
      for (const WayRegion& part : parts) {
        double left_B = part.size_B;
        double inserted = 0.0;
        for (const std::size_t p : part.profiles) {
          const double here = part.size_B / reach_B(p);
          if (capped[p]) left_B -= counts[p] * footprint_B(*profiles[p]) * here;
          if (!capped[p]) inserted += counts[p] * rate[p] * here;
        }
        for (const std::size_t p : part.profiles) {
          if (counts[p] == 0) continue;
          const double here = part.size_B / reach_B(p);
          wanted[p] += capped[p] || inserted <= 0 ? footprint_B(*profiles[p]) * here
                                                  : left_B * rate[p] * here / inserted;
        }
      }
      for (std::size_t p = 0; p < profiles.size(); ++p) {
        if (capped[p] || wanted[p] <= footprint_B(*profiles[p])) continue;
        capped[p] = again = true;
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
