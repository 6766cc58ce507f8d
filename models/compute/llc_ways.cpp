#include "models/compute/llc_ways.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace models::compute {

std::vector<WayRegion> way_regions(const std::vector<std::vector<int>>& ways, std::size_t profiles,
                                   int llc_ways, double llc_B) {
  std::map<std::vector<std::size_t>, double> by_users;
  for (int way = 0; way < llc_ways; ++way) {
    std::vector<std::size_t> users;
    for (std::size_t p = 0; p < profiles; ++p) {
      const bool all = p >= ways.size() || ways[p].empty();
      if (all || std::find(ways[p].begin(), ways[p].end(), way) != ways[p].end())
        users.push_back(p);
    }
    by_users[users] += llc_B / llc_ways;
  }
  std::vector<WayRegion> all;
  for (const auto& [users, size_B] : by_users) all.push_back({size_B, users});
  return all;
}

LlcInsertions::LlcInsertions(int llcs, int ways, double llc_B)
    : llcs_{static_cast<std::size_t>(llcs)}, llc_ways_{ways}, llc_B_{llc_B} {}

void LlcInsertions::add(std::vector<int> ways) {
  ways_.push_back(std::move(ways));
  const std::vector<WayRegion> all = way_regions(ways_, ways_.size(), llc_ways_, llc_B_);
  regions_ = all.size();
  clocks_.assign(llcs_ * regions_, {});
  parts_.assign(ways_.size(), {});
  std::vector<double> reach_B(ways_.size(), 0.0);
  for (const WayRegion& region : all) {
    for (const std::size_t profile : region.profiles) reach_B[profile] += region.size_B;
  }
  for (std::size_t region = 0; region < regions_; ++region) {
    for (const std::size_t profile : all[region].profiles) {
      const double share = reach_B[profile] > 0 ? all[region].size_B / reach_B[profile] : 1.0;
      parts_[profile].push_back({region, share, all[region].size_B});
    }
  }
}

}  // namespace models::compute
