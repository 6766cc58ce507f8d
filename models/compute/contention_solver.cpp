// The fixed point of rates and queueing delays (contention.hpp).
//
// Unknown is y[r] = -ln(1 - u[r]) per resource, which maps all of u in [0, 1) to the half line, so
// that a saturated resource is no special case. Each round paces all running threads with the
// delays of y, sums their loads, and takes one Newton step per resource on
//   g(y) = u(y) - load / capacity
// with dload/dq = -sum_i bytes_ir * visits_ir / t_i^2, the resource's own effect only (Jacobi).
#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"

namespace models::compute {
namespace {

constexpr int kRounds = 200;
constexpr double kTolerance = 1e-4;  // of capacity: a hundredth of the drift that calls for solving
constexpr double kDeepest = 30.0;    // u = 1 - 1e-13
constexpr double kLongestStep = 1.0;
constexpr double kLine_B = 64.0;

}  // namespace

double Contention::delay_s(int resource, double u) const {
  const topology::Resource& r = topology_.resources()[index(resource)];
  const bool on = r.kind == topology::ResourceKind::controller ? config_.controller_queueing
                                                               : config_.link_bandwidth;
  if (!on) return 0.0;
  return sim::seconds(r.queueing.delay) * u / std::pow(1.0 - u, r.queueing.exponent);
}

// One Jacobi step of every resource; returns the largest |g|.
double Contention::demand_step() {
  double worst = 0.0;
  for (std::size_t r = 0; r < load_Bps_.size(); ++r) {
    const topology::Resource& resource = topology_.resources()[r];
    const bool controller = resource.kind == topology::ResourceKind::controller;
    if (!(controller ? config_.controller_queueing : config_.link_bandwidth)) continue;
    const double y = depth_[r];
    const double free = std::exp(-y);
    const double u = 1.0 - free;
    const double g = u - load_Bps_[r] / resource.capacity_Bps;
    worst = std::max(worst, std::abs(g));
    const double b = resource.queueing.exponent;
    const double dq =
        sim::seconds(resource.queueing.delay) * (std::exp((b - 1.0) * y) + b * u * std::exp(b * y));
    const double slope = free + dq * slope_[r] / resource.capacity_Bps;
    const double step = std::clamp(-g / slope, -kLongestStep, kLongestStep);
    depth_[r] = std::clamp(y + step, 0.0, kDeepest);
  }
  return worst;
}

void Contention::solve(sim::Instant now) {
  ++solutions_;
  changed_.clear();
  for (const StreamId id : on_cpu_) {
    if (id < 0) continue;
    changed_.push_back(id);
    withdraw(streams_[index(id)], now);
  }
  const auto routes = route_queue_s_[0].size();
  double worst = 1.0;
  for (int round = 0; round < kRounds && worst > kTolerance; ++round) {
    for (std::size_t r = 0; r < depth_.size(); ++r) {
      queue_s_[r] = delay_s(static_cast<int>(r), 1.0 - std::exp(-depth_[r]));
    }
    for (std::size_t route = 0; route < routes; ++route) {
      const int agent = static_cast<int>(route) / topology_.memories();
      const int memory = static_cast<int>(route) % topology_.memories();
      route_queue_s_[0][route] = queue_s_[index(memory)];
      double links_s = 0.0;
      for (const int r : topology_.route(agent, memory).reads) {
        if (r >= topology_.memories()) links_s += queue_s_[index(r)];
      }
      route_queue_s_[1][route] = links_s;
    }
    std::fill(load_Bps_.begin(), load_Bps_.end(), 0.0);
    std::fill(slope_.begin(), slope_.end(), 0.0);
    for (const StreamId id : changed_) {
      Stream& stream = streams_[index(id)];
      repace(stream);
      const double misses = stream.state.misses_per_instruction;
      if (misses <= 0) continue;
      const double rate = 1.0 / stream.state.pace.instruction_s;
      add_load(stream, misses * kLine_B * rate);
      const int agent = topology_.cpu(stream.cpu).agent;
      const double effect =
          misses * kLine_B * rate * rate * misses / stream.profile->memory_level_parallelism;
      for (const int memory : stream.memories) {
        const double share = stream.shares[index(memory)];
        for (const int r : topology_.route(agent, memory).reads) {
          slope_[index(r)] += effect * share * share;
        }
      }
    }
    worst = demand_step();
  }
  // Loads are booked afresh by the streams themselves, with the paces of the last round.
  std::fill(load_Bps_.begin(), load_Bps_.end(), 0.0);
  for (const StreamId id : changed_) contribute(streams_[index(id)], now);
  solved_Bps_ = load_Bps_;
}

}  // namespace models::compute
