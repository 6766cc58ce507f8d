// SimGrid, as the program sees it: flows between ports over a star of links, in seconds since the
// start. The one implementation (simgrid_flows.cpp) is a module of its own, loaded when a scenario
// first leaves the box: SimGrid's libraries take a tenth of a second to load.
#pragma once

#include <vector>

namespace models::cluster {

struct FlowNetwork {
  struct Port {
    double Bps = 0.0;        // each direction
    double latency_s = 0.0;  // to the middle of the star
    bool behind_switch = true;
  };
  std::vector<Port> ports;
  double switch_Bps = 0.0;  // 0: no limit
  bool streams = false;     // some flows are streams; without, SimGrid has fewer links to solve
};

class FlowEngine {
 public:
  virtual ~FlowEngine() = default;
  // Moves time on; never beyond the next change.
  virtual void advance(double to_s) = 0;
  // Seconds until a flow ends or changes its pace, if none begins before; negative: nothing comes.
  virtual double next_s() = 0;
  // Begins now. `late`: after the latency; else its first byte is there at once.
  virtual void start(int flow, int from, int to, double bytes, bool late) = 0;
  // Flows that have ended since the last call.
  virtual std::vector<int> finished() = 0;
};

// The module's one symbol.
inline constexpr const char* kFlowEngineSymbol = "tenancy_flow_engine";
using MakeFlowEngine = FlowEngine* (*)(const FlowNetwork&);

}  // namespace models::cluster
