// The fixed point of rates and queueing delays (contention.hpp).
//
// Unknown is y[r] = -ln(1 - u[r]) per resource, which maps all of u in [0, 1) to the half line, so
// that a saturated resource is no special case. Each round paces all running threads with the
// delays of y, sums their loads, and takes one Newton step per resource on
//   g(y) = u(y) - load / capacity
// with dload/dq = -sum_i bytes_ir * visits_ir / t_i^2, the resource's own effect only (Jacobi).
// Where two full resources push each other to and fro, a step that turns back is halved.
#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"

namespace models::compute {
namespace {

constexpr int kRounds = 200;
constexpr double kTolerance = 1e-4;  // of capacity
constexpr double kDeepest = 30.0;    // u = 1 - 1e-13
constexpr double kLongestStep = 1.0;
constexpr int kUndamped = 8;  // rounds in which nearly every solution is found
constexpr double kRecovery = 2.0;
constexpr double kDrift = 0.04;  // of local latency and the delay itself, see the header
constexpr double kLeastDrift =
    0.004;  // of capacity: near saturation delays are steep but loads hardly move
constexpr double kTangent = 0.05;  // of capacity: so far it stands for the curve
constexpr double kMostDrift = 0.4;
constexpr double kLine_B = 64.0;

}  // namespace

// At a depth y.
double Contention::delay_s(int resource, double y) const {
  const topology::Resource& r = topology_.resources()[index(resource)];
  const bool on = r.kind == topology::ResourceKind::controller ? config_.controller_queueing
                                                               : config_.link_bandwidth;
  if (!on) return 0.0;
  return sim::seconds(r.queueing.delay) * (1.0 - std::exp(-y)) * std::exp(r.queueing.exponent * y);
}

// One Jacobi step of every resource; returns the largest |g|.
double Contention::demand_step(bool damped) {
  double worst = 0.0;
  for (std::size_t r = 0; r < load_Bps_.size(); ++r) {
    const topology::Resource& resource = topology_.resources()[r];
    const bool controller = resource.kind == topology::ResourceKind::controller;
    if (!open_[r] || !(controller ? config_.controller_queueing : config_.link_bandwidth)) continue;
    const double y = depth_[r];
    const double free = std::exp(-y);
    const double u = 1.0 - free;
    const double g = u - load_Bps_[r] / resource.capacity_Bps;
    worst = std::max(worst, std::abs(g));
    const double b = resource.queueing.exponent;
    const double dq =
        sim::seconds(resource.queueing.delay) * (std::exp((b - 1.0) * y) + b * u * std::exp(b * y));
    const double slope = free + dq * slope_[r] / resource.capacity_Bps;
    const bool turned = damped && g * last_g_[r] < 0.0;
    damping_[r] = turned ? damping_[r] / 2.0 : std::min(1.0, damping_[r] * kRecovery);
    last_g_[r] = g;
    const double step = damping_[r] * std::clamp(-g / slope, -kLongestStep, kLongestStep);
    depth_[r] = std::clamp(y + step, 0.0, kDeepest);
  }
  return worst;
}

// Loads of all running threads at the present delays, and how they would fall with longer ones.
// Summed per pair of agent and memory first: pairs are fewer than threads times links.
void Contention::sum_demand() {
  const int memories = topology_.memories();
  std::fill(traffic_Bps_.begin(), traffic_Bps_.end(), 0.0);
  std::fill(written_Bps_.begin(), written_Bps_.end(), 0.0);
  std::fill(effect_.begin(), effect_.end(), 0.0);
  std::fill(written_effect_.begin(), written_effect_.end(), 0.0);
  for (const StreamId id : solving_) {
    Stream& stream = streams_[index(id)];
    repace(stream);
    const double rate = 1.0 / stream.state.pace.instruction_s;
    const double read_Bps = lines_per_instruction(stream) * kLine_B * rate;
    const double waits = stream.state.misses_per_instruction / stream.at_once +
                         stream.walk.misses / stream.walk.overlap;
    const double effect = read_Bps * rate * waits;
    const std::size_t row = index(topology_.cpu(stream.cpu).agent * memories);
    for (const int memory : stream.memories) {
      const double share = stream.shares[index(memory)];
      traffic_Bps_[row + index(memory)] += read_Bps * share;
      written_Bps_[row + index(memory)] += read_Bps * share * stream.profile->write_back_fraction;
      effect_[row + index(memory)] += effect * share * share;
      written_effect_[row + index(memory)] +=
          effect * share * share * stream.profile->write_back_fraction;
    }
  }
  load_Bps_ = background_Bps_;
  std::fill(slope_.begin(), slope_.end(), 0.0);
  for (int agent = 0; agent < topology_.agents(); ++agent) {
    for (int memory = 0; memory < memories; ++memory) {
      const std::size_t pair = index(agent * memories + memory);
      if (traffic_Bps_[pair] <= 0) continue;
      const topology::Route& route = topology_.route(agent, memory);
      for (const int r : route.reads) {
        load_Bps_[index(r)] += traffic_Bps_[pair];
        slope_[index(r)] += effect_[pair];
      }
      for (const int r : route.writes) {
        const double cost = write_cost_[index(r)];
        load_Bps_[index(r)] += written_Bps_[pair] * cost;
        slope_[index(r)] += written_effect_[pair] * cost;
      }
    }
  }
}

// As far as the delay stays near, by its tangent; where that is far, by its course.
void Contention::allow_drift() {
  const double local_s = sim::seconds(topology_.description().controller.latency);
  for (std::size_t r = 0; r < load_Bps_.size(); ++r) {
    if (!open_[r]) continue;
    const topology::Resource& resource = topology_.resources()[r];
    const double y = depth_[r];
    const double b = resource.queueing.exponent;
    const double u = 1.0 - std::exp(-y);
    const double delay_s = this->delay_s(static_cast<int>(r), y);
    const double tolerated_s = kDrift * (local_s + delay_s);
    // dq/du = dq/dy / (du/dy), see demand_step()
    const double dq_du =
        sim::seconds(resource.queueing.delay) * (std::exp(b * y) + b * u * std::exp((b + 1.0) * y));
    double drift = std::clamp(tolerated_s / dq_du, kLeastDrift, kTangent);
    const auto tolerable = [&](double change) {
      return u + change < 1.0 &&
             this->delay_s(static_cast<int>(r), -std::log1p(-u - change)) <= delay_s + tolerated_s;
    };
    if (drift >= kTangent) {
      while (drift < kMostDrift && tolerable(2.0 * drift)) drift *= 2.0;
    }
    // Loads lean against the delay: of what comes or goes with delays as they are, only a part
    // would remain if they were solved. Where that part is small, as near saturation, more may go;
    // what comes must not fill more than there is.
    const double leaned = tolerated_s * slope_[r] / resource.capacity_Bps;
    fall_Bps_[r] = (drift + leaned) * resource.capacity_Bps;
    rise_Bps_[r] = std::min(fall_Bps_[r], std::max(drift, 1.0 - u) * resource.capacity_Bps);
  }
}

// Opens what has drifted; resources that are not open keep their delays.
bool Contention::drifted() {
  if (!config_.controller_queueing && !config_.link_bandwidth) return false;
  bool any = false;
  for (std::size_t r = 0; r < load_Bps_.size(); ++r) {
    const double drift_Bps = load_Bps_[r] - solved_Bps_[r];
    if (-fall_Bps_[r] <= drift_Bps && drift_Bps <= rise_Bps_[r]) continue;
    open_[r] = 1;
    any = true;
  }
  return any;
}

void Contention::find_open_routes() {
  const auto open = [this](const std::vector<int>& resources) {
    return std::any_of(resources.begin(), resources.end(),
                       [this](int r) { return open_[index(r)] != 0; });
  };
  for (int agent = 0; agent < topology_.agents(); ++agent) {
    open_agent_[index(agent)] = 0;
    for (int memory = 0; memory < topology_.memories(); ++memory) {
      const topology::Route& route = topology_.route(agent, memory);
      const bool opened = open(route.reads) || open(route.writes);
      open_route_[index(agent * topology_.memories() + memory)] = opened;
      open_agent_[index(agent)] |= static_cast<char>(opened);
    }
  }
}

bool Contention::uses_drifted(const Stream& stream) const {
  const int row = topology_.cpu(stream.cpu).agent * topology_.memories();
  return std::any_of(stream.memories.begin(), stream.memories.end(),
                     [&](int memory) { return open_route_[index(row + memory)] != 0; });
}

void Contention::solve(sim::Instant now) {
  ++solutions_;
  solving_.clear();
  find_open_routes();
  for (std::size_t agent = 0; agent < agent_cpus_.size(); ++agent) {
    if (!open_agent_[agent]) continue;
    for (const int cpu : agent_cpus_[agent]) {
      const StreamId id = on_cpu_[index(cpu)];
      if (id < 0 || streams_[index(id)].waiting || !uses_drifted(streams_[index(id)])) continue;
      solving_.push_back(id);
      withdraw(streams_[index(id)], now);
    }
  }
  background_Bps_ = load_Bps_;
  const auto routes = route_queue_s_[0].size();
  std::fill(damping_.begin(), damping_.end(), 1.0);
  std::fill(last_g_.begin(), last_g_.end(), 0.0);
  double worst = 1.0;
  for (int round = 0; round < kRounds && worst > kTolerance; ++round) {
    for (std::size_t r = 0; r < depth_.size(); ++r) {
      if (open_[r]) queue_s_[r] = delay_s(static_cast<int>(r), depth_[r]);
    }
    for (std::size_t route = 0; route < routes; ++route) {
      if (!open_route_[route]) continue;
      const int agent = static_cast<int>(route) / topology_.memories();
      const int memory = static_cast<int>(route) % topology_.memories();
      route_queue_s_[0][route] = queue_s_[index(memory)];
      double links_s = 0.0;
      for (const int r : topology_.route(agent, memory).reads) {
        if (r >= topology_.memories()) links_s += queue_s_[index(r)];
      }
      route_queue_s_[1][route] = links_s;
      const int port = topology_.route(agent, memory).port;
      route_queue_s_[2][route] = port < 0 ? 0.0 : queue_s_[index(port)];
    }
    sum_demand();
    worst = demand_step(round >= kUndamped);
  }
  // Loads are booked afresh by the streams themselves, with the paces of the last round.
  load_Bps_ = background_Bps_;
  for (const StreamId id : solving_) {
    Stream& stream = streams_[index(id)];
    contribute(stream, now);
    stream.paced_in.delays = solutions_;
    report(id);
  }
  for (std::size_t r = 0; r < load_Bps_.size(); ++r) {
    if (open_[r]) solved_Bps_[r] = load_Bps_[r];
  }
  allow_drift();
}

}  // namespace models::compute
