#include "models/compute/footprint_loads.hpp"

#include <algorithm>
#include <cmath>

namespace models::compute {

double beyond(double room_B, double footprint_B, Order order) {
  if (room_B >= footprint_B) return 0.0;
  return order == Order::cyclic ? 1.0 : 1.0 - room_B / footprint_B;
}

Served served(const topology::Description& host, const Profile& profile, double space_B,
              int threads) {
  const double footprint_B = static_cast<double>(profile.footprint.count());
  const double l1_B = static_cast<double>(host.l1.size.count()) / threads;
  const double l2_B = std::max(l1_B, static_cast<double>(host.l2.size.count()) / threads);
  const double past_l1 = beyond(l1_B, footprint_B, profile.footprint_order);
  const double past_l2 = beyond(l2_B, footprint_B, profile.footprint_order);
  const double past_llc = beyond(std::max(l2_B, space_B), footprint_B, profile.footprint_order);
  return {
      .l1 = 1.0 - past_l1, .l2 = past_l1 - past_l2, .llc = past_l2 - past_llc, .memory = past_llc};
}

double core_throughput(int threads, double yield) {
  return 1.0 + (yield - 1.0) * 2.0 * (1.0 - std::pow(0.5, threads - 1));
}

double lines_at_once(const topology::LineBuffers& buffers, const Profile& profile, int threads,
                     double host_yield) {
  const double sharing = host_yield > 0 ? threads / core_throughput(threads, host_yield) : threads;
  switch (profile.overlap) {
    case Overlap::workload: {
      const double alone = profile.memory_level_parallelism;
      const double buffers_of_it = std::max<double>(buffers.fill, alone) / sharing;
      return std::max(1.0, std::min(1.0 + (alone - 1.0) / sharing, buffers_of_it));
    }
    case Overlap::fill_buffers:
      return std::max(1.0, static_cast<double>(buffers.fill) / sharing);
    case Overlap::streamer:
      return std::max(1.0, std::min(static_cast<double>(buffers.streamed),
                                    static_cast<double>(buffers.super_queue) / threads));
  }
  return 1.0;
}

}  // namespace models::compute
