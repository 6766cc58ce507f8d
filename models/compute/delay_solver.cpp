#include "models/compute/delay_solver.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/compute/contended_lines.hpp"

namespace models::compute {
namespace {

constexpr int kRounds = 200;
constexpr double kTolerance = 1e-4;  // of capacity
constexpr double kDeepest = 30.0;    // u = 1 - 1e-13
constexpr double kLongestStep = 1.0;
constexpr int kUndamped = 8;  // rounds in which nearly every solution is found
constexpr double kRecovery = 2.0;
constexpr double kDrift = 0.08;  // of local latency and the delay itself, see the header
constexpr double kLeastDrift =
    0.004;  // of capacity: near saturation delays are steep but loads hardly move
constexpr double kTangent = 0.05;  // of capacity: so far it stands for the curve
constexpr double kMostDrift = 0.4;
constexpr double kLine_B = 64.0;

}  // namespace

double ContendedLines::wait_s(double undisturbed_s) const {
  return lines > 0.0 ? lines * contended_line_s(others, turn_s, undisturbed_s / lines) : 0.0;
}

DelaySolver::DelaySolver(const topology::Topology& topology, bool controllers, bool links)
    : topology_{topology}, controllers_{controllers}, links_{links} {
  const std::size_t resources = topology.resources().size();
  for (auto* each : {&solved_Bps_, &rise_Bps_, &fall_Bps_, &queue_s_, &depth_, &background_Bps_,
                     &load_Bps_, &slope_, &damping_, &last_g_})
    each->assign(resources, 0.0);
  is_open_.assign(resources, 0);
  const std::size_t routes = index(topology.agents() * topology.memories());
  delays_.resize(routes);
  traffic_.resize(routes);
  is_open_route_.assign(routes, 0);
  opened_.assign(index(topology.agents()), 0);
  routes_.resize(resources);
  for (int agent = 0; agent < topology.agents(); ++agent) {
    for (int memory = 0; memory < topology.memories(); ++memory) {
      const topology::Route& way = topology.route(agent, memory);
      std::map<int, Crossing> by_resource;
      for (const int r : way.reads) by_resource[r].read += 1.0;
      for (const int r : way.writes)
        by_resource[r].written += topology.resources()[index(r)].write_cost;
      std::vector<Crossing>& crossings = crossings_.emplace_back();
      for (const auto& [r, crossing] : by_resource) {
        crossings.push_back({r, crossing.read, crossing.written});
        routes_[index(r)].push_back(static_cast<int>(route(agent, memory)));
      }
    }
  }
}

bool DelaySolver::on(int resource) const {
  return topology_.resources()[index(resource)].kind == topology::ResourceKind::controller
             ? controllers_
             : links_;
}

// At a depth y.
double DelaySolver::delay_s(int resource, double y) const {
  if (!on(resource)) return 0.0;
  const topology::Queueing& queueing = topology_.resources()[index(resource)].queueing;
  return sim::seconds(queueing.delay) * (1.0 - std::exp(-y)) * std::exp(queueing.exponent * y);
}

// --- what to solve ---

bool DelaySolver::drifted(const CarriedLoads& loads) {
  if (!controllers_ && !links_) return false;
  bool any = false;
  const auto look = [&](int r) {
    const double drift_Bps = loads.load_Bps(r) - solved_Bps_[index(r)];
    if (-fall_Bps_[index(r)] <= drift_Bps && drift_Bps <= rise_Bps_[index(r)]) return;
    any = true;
    if (std::exchange(is_open_[index(r)], 1)) return;
    open_.push_back(r);
  };
  if (look_at_all_) {
    for (int r = 0; r < loads.size(); ++r) look(r);
    look_at_all_ = false;
  } else {
    for (const int r : loads.changed()) look(r);
  }
  return any;
}

void DelaySolver::allow_no_drift() {
  for (auto* allowed : {&rise_Bps_, &fall_Bps_}) std::fill(allowed->begin(), allowed->end(), 0.0);
  look_at_all_ = true;
}

void DelaySolver::close_all() {
  for (const int r : open_) is_open_[index(r)] = 0;
  open_.clear();
}

// --- a solution ---

void DelaySolver::begin() {
  for (const int way : open_routes_) {
    is_open_route_[index(way)] = 0;
    opened_[index(way / topology_.memories())] = 0;
  }
  open_routes_.clear();
  for (const int r : open_) {
    for (const int way : routes_[index(r)]) {
      if (std::exchange(is_open_route_[index(way)], 1)) continue;
      open_routes_.push_back(way);
      opened_[index(way / topology_.memories())] |= memory_set(way % topology_.memories());
      traffic_[index(way)] = {};
    }
  }
  asked_.clear();
  places_.clear();
}

void DelaySolver::demand(const Demand& demand, int agent, const std::vector<int>& memories,
                         const std::vector<double>& shares) {
  Asked& asked = asked_.emplace_back(Asked{.demand = demand});
  for (const int memory : memories) {
    const double share = shares[index(memory)];
    const std::size_t way = route(agent, memory);
    if (is_open_route_[way]) {
      places_.push_back({static_cast<int>(way), share});
      traffic_[way].read_Bps += demand.now_Bps * share;
      traffic_[way].written_Bps += demand.now_Bps * share * demand.written;
    } else {  // stays as it is
      asked.demand.unqueued_s += share * delays(agent, memory).wait_s(demand.reads, demand.writes);
    }
  }
  asked.end = places_.size();
}

void DelaySolver::solve(const CarriedLoads& loads) {
  // Without those whose demands are asked.
  for (const int r : open_) background_Bps_[index(r)] = 0.0;
  load_routes();
  for (const int r : open_) {
    background_Bps_[index(r)] = loads.load_Bps(r) - load_Bps_[index(r)];
    damping_[index(r)] = 1.0;
    last_g_[index(r)] = 0.0;
  }
  double worst = 1.0;
  for (int round = 0; round < kRounds && worst > kTolerance; ++round) {
    delay_routes();
    sum_demand();
    worst = step(round >= kUndamped);
  }
}

void DelaySolver::delay_routes() {
  for (const int r : open_) queue_s_[index(r)] = delay_s(r, depth_[index(r)]);
  for (const int way : open_routes_) {
    const int agent = way / topology_.memories();
    const int memory = way % topology_.memories();
    const topology::Route& route = topology_.route(agent, memory);
    RouteDelays& delays = delays_[index(way)];
    delays.controller_s = queue_s_[index(memory)];
    delays.links_s = 0.0;
    for (const int r : route.reads) {
      if (r >= topology_.memories()) delays.links_s += queue_s_[index(r)];
    }
    delays.port_s = route.port < 0 ? 0.0 : queue_s_[index(route.port)];
  }
}

// Loads of the demands at the present delays, and how they would fall with longer ones. Summed per
// route first: these are fewer than threads times resources.
void DelaySolver::sum_demand() {
  for (const int way : open_routes_) traffic_[index(way)] = {};
  std::size_t at = 0;
  for (const Asked& asked : asked_) {
    const Demand& demand = asked.demand;
    double working_s = demand.unqueued_s;
    for (std::size_t place = at; place < asked.end; ++place) {
      working_s += places_[place].share *
                   delays_[index(places_[place].route)].wait_s(demand.reads, demand.writes);
    }
    working_s += demand.contended.wait_s(working_s);
    const double rate = demand.at_work / working_s;
    const double read_Bps = demand.lines * kLine_B * rate;
    const double effect = read_Bps * rate * demand.reads;
    for (; at < asked.end; ++at) {
      const double share = places_[at].share;
      Traffic& traffic = traffic_[index(places_[at].route)];
      traffic.read_Bps += read_Bps * share;
      traffic.written_Bps += read_Bps * share * demand.written;
      traffic.read_effect += effect * share * share;
      traffic.written_effect += effect * share * share * demand.written;
    }
  }
  load_routes();
}

// What open resources carry: background, and the traffic of routes.
void DelaySolver::load_routes() {
  for (const int r : open_) {
    load_Bps_[index(r)] = background_Bps_[index(r)];
    slope_[index(r)] = 0.0;
  }
  for (const int way : open_routes_) {
    const Traffic& traffic = traffic_[index(way)];
    if (traffic.read_Bps <= 0) continue;
    for (const Crossing& at : crossings_[index(way)]) {
      const std::size_t r = index(at.resource);
      if (!is_open_[r]) continue;
      load_Bps_[r] += at.read * traffic.read_Bps + at.written * traffic.written_Bps;
      slope_[r] += at.read * traffic.read_effect + at.written * traffic.written_effect;
    }
  }
}

// One Jacobi step of every open resource; returns the largest |g|.
double DelaySolver::step(bool damped) {
  double worst = 0.0;
  for (const int open : open_) {
    if (!on(open)) continue;
    const std::size_t r = index(open);
    const topology::Resource& resource = topology_.resources()[r];
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
    const double length = damping_[r] * std::clamp(-g / slope, -kLongestStep, kLongestStep);
    depth_[r] = std::clamp(y + length, 0.0, kDeepest);
  }
  return worst;
}

void DelaySolver::finish(const CarriedLoads& loads) {
  for (const int r : open_) {
    solved_Bps_[index(r)] = loads.load_Bps(r);
    allow_drift(r);
  }
}

// As far as the delay stays near, by its tangent; where that is far, by its course.
void DelaySolver::allow_drift(int open) {
  const double local_s = sim::seconds(topology_.description().controller.latency);
  const std::size_t r = index(open);
  const topology::Resource& resource = topology_.resources()[r];
  const double y = depth_[r];
  const double b = resource.queueing.exponent;
  const double u = 1.0 - std::exp(-y);
  const double delay = delay_s(open, y);
  const double tolerated_s = kDrift * (local_s + delay);
  // dq/du = dq/dy / (du/dy), see step()
  const double dq_du =
      sim::seconds(resource.queueing.delay) * (std::exp(b * y) + b * u * std::exp((b + 1.0) * y));
  double drift = std::clamp(tolerated_s / dq_du, kLeastDrift, kTangent);
  const auto tolerable = [&](double change) {
    return u + change < 1.0 && delay_s(open, -std::log1p(-u - change)) <= delay + tolerated_s;
  };
  if (drift >= kTangent) {
    while (drift < kMostDrift && tolerable(2.0 * drift)) drift *= 2.0;
  }
  // Loads lean against the delay: of what comes or goes with delays as they are, only a part would
  // remain if they were solved. Where that part is small, as near saturation, more may go; what
  // comes must not fill more than there is.
  const double leaned = tolerated_s * slope_[r] / resource.capacity_Bps;
  fall_Bps_[r] = (drift + leaned) * resource.capacity_Bps;
  rise_Bps_[r] = std::min(fall_Bps_[r], std::max(drift, 1.0 - u) * resource.capacity_Bps);
}

}  // namespace models::compute
