// Delays of controllers, links and buses under the threads that run, as one fixed point with these
// threads' rates (contention.hpp has the formulas).
//
// Unknown is y[r] = -ln(1 - u[r]) per resource, which maps all of u in [0, 1) to the half line, so
// that a saturated resource is no special case. Each round paces all threads in question with the
// delays of y, sums their loads, and takes one Newton step per resource on
//   g(y) = u(y) - load / capacity
// with dload/dq = -sum_i bytes_ir * waits_ir / t_i^2, the resource's own effect only (Jacobi).
// Where two full resources push each other to and fro, a step that turns back is halved.
//
// Solved are resources whose load has drifted, so far since they were that the delay would be off
// by `kDrift` of what an access takes that waits there (local memory latency and the delay); all
// others keep their delays.
//
// Checked tests/models/compute/contention_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/compute/carried_loads.hpp"
#include "models/topology/topology.hpp"

namespace models::compute {

// Lines that others write, too (contended_lines.hpp), per instruction.
struct ContendedLines {
  double lines = 0.0;
  double others = 0.0;  // writers beside this one
  double turn_s = 0.0;
  // Waited for by an instruction that otherwise takes this long.
  double wait_s(double undisturbed_s) const;
};

// Some memories; beyond 64, those that count alike are told apart no more.
using MemorySet = std::uint64_t;
inline MemorySet memory_set(int memory) {
  return MemorySet{1} << memory % 64;
}

class DelaySolver {
 public:
  struct RouteDelays {
    double controller_s = 0.0;
    double links_s = 0.0;
    double port_s = 0.0;  // of written lines at a compute die's port
    // Of an instruction.
    double wait_s(double reads, double writes) const {
      return reads * (controller_s + links_s) + writes * port_s;
    }
  };
  // An instruction of a thread, as far as delays lengthen it.
  struct Demand {
    double unqueued_s = 0.0;  // while the thread works, with all delays and contended lines at 0
    double at_work = 1.0;     // share of its time; the rest are ticks
    double lines = 0.0;       // read from memory
    double reads = 0.0;       // those that it waits for one after the other
    double writes = 0.0;      // lines put out of the caches that it waits for in the same way
    double written = 0.0;     // lines per line read
    double now_Bps = 0.0;     // read at the delays so far, for which loads hold
    ContendedLines contended{};
  };

  // What a byte read on a route, and one written, load a resource with.
  struct Crossing {
    int resource = 0;
    double read = 0.0;
    double written = 0.0;
  };

  DelaySolver(const topology::Topology& topology, bool controllers, bool links);

  // Each resource once.
  const std::vector<Crossing>& crossings(int agent, int memory) const {
    return crossings_[route(agent, memory)];
  }

  const RouteDelays& delays(int agent, int memory) const { return delays_[route(agent, memory)]; }

  // Opens what has drifted: of what changed, or of all after allow_no_drift(). False if nothing
  // has.
  bool drifted(const CarriedLoads& loads);
  void allow_no_drift();
  void close_all();
  // One solution: the demands of all threads that read from a memory that is opened to their agent,
  // each with its shares of memories. The delays hold from solve() on.
  void begin();
  MemorySet opened(int agent) const { return opened_[index(agent)]; }
  void demand(const Demand& demand, int agent, const std::vector<int>& memories,
              const std::vector<double>& shares);
  void solve(const CarriedLoads& loads);
  // With the loads that these threads have at the new delays.
  void finish(const CarriedLoads& loads);

 private:
  struct Place {
    int route = 0;
    double share = 0.0;
  };
  struct Asked {
    Demand demand;
    std::size_t end = 0;  // of its places
  };
  struct Traffic {  // on a route
    double read_Bps = 0.0;
    double written_Bps = 0.0;
    double read_effect = 0.0;  // -d read_Bps / d delay
    double written_effect = 0.0;
  };

  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  std::size_t route(int agent, int memory) const {
    return index(agent * topology_.memories() + memory);
  }
  bool on(int resource) const;
  double delay_s(int resource, double y) const;
  void load_routes();
  void delay_routes();
  void sum_demand();
  double step(bool damped);
  void allow_drift(int resource);

  const topology::Topology& topology_;
  bool controllers_, links_;
  std::vector<double> solved_Bps_;           // [resource] load of the last solution
  std::vector<double> rise_Bps_, fall_Bps_;  // [resource] of load before it is solved again
  std::vector<double> queue_s_;              // [resource] delay in force
  std::vector<double> depth_;                // [resource] y of the last solution
  std::vector<RouteDelays> delays_;          // [agent * memories + memory]
  bool look_at_all_ = false;
  std::vector<int> open_;                         // resources
  std::vector<char> is_open_;                     // [resource]
  std::vector<std::vector<Crossing>> crossings_;  // [route]
  std::vector<std::vector<int>> routes_;          // [resource] that cross it
  std::vector<int> open_routes_;
  std::vector<char> is_open_route_;
  std::vector<MemorySet> opened_;  // [agent] to which a route is open
  // One solution's.
  std::vector<Asked> asked_;
  std::vector<Place> places_;                                                 // on open routes
  std::vector<Traffic> traffic_;                                              // [route]
  std::vector<double> background_Bps_, load_Bps_, slope_, damping_, last_g_;  // [resource]
};

}  // namespace models::compute
