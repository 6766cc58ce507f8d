// How fast every running thread runs, given who else runs and where everyone's memory is.
//
// Time of one instruction of thread i on agent a, memory spread as share[i][n] over memories n:
//   t_i = CPI_i * smt / f  +  hits_i * L_llc / MLP_i
//       + misses_i / MLP_i * sum_n share[i][n] * (idle[a][n] + sum over resources r of the read
//         route a->n of q_r)
//       + table reads_i, each where the line is found, / walks under way at once
// hits and misses with the loads over the footprint that L1 and L2 do not serve; MLP_i as stated,
// or the core's line buffers.
//   q_r = delay_r * u_r / (1 - u_r)^exponent_r,  u_r = load_r / capacity_r < 1
//   load_r = sum_i bytes of i through r per instruction / t_i
// Rates and delays depend on each other: solved as a fixed point. Delay grows without bound as u
// nears 1, so no load exceeds its capacity, and threads behind one saturated resource wait alike.
//
// Models  controllers, links and buses with loaded latency; LLC division (cache_sharing.hpp) or
//         no LLC; SMT: execution by a yield, misses by divided windows and buffers, walks by the
//         core's walkers; turbo by active cores of a socket.
// Omits   bursts within a thread, DRAM pages and refresh (in the curve), prefetch as such (in
//         MLP), traffic of cold-cache refills.
// Source  MODELS.md section 1; curve shape fitted to Intel MLC loaded latencies (host presets).
// Checked tests/models/compute/contention_test.cpp; validation subsystems memory and numa.
//
// A start or stop moves only the paces it touches (same LLC, same core) and the loads; delays are
// solved again when some resource's load has drifted (delay_solver.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "models/compute/cache_sharing.hpp"
#include "models/compute/carried_loads.hpp"
#include "models/compute/contended_lines.hpp"
#include "models/compute/delay_solver.hpp"
#include "models/compute/growing_sum.hpp"
#include "models/compute/llc_ways.hpp"
#include "models/compute/pace.hpp"
#include "models/compute/profile.hpp"
#include "models/compute/sharers.hpp"
#include "models/topology/topology.hpp"
#include "sim/units.hpp"

namespace models::compute {

struct ContentionConfig {
  bool remote_latency = true;
  bool link_bandwidth = true;
  bool controller_queueing = true;
  bool llc_sharing = true;
  bool smt = true;
  bool turbo = true;
  bool contended_lines = true;
};

using StreamId = int;

class Contention {
 public:
  Contention(const topology::Topology& topology, const ContentionConfig& config);

  // A thread that may run; `profile` must outlive this object.
  StreamId add(const Profile& profile, Burden burden = {});
  // Where the stream's memory is: one share for each memory, summing to 1; `now` counts for one
  // that runs.
  void place(StreamId stream, const std::vector<double>& shares, sim::Instant now = sim::kStart);
  // Traffic of devices and kernel threads at a memory, beside that of streams; a change of it.
  void add_traffic(int memory, double change_Bps, sim::Instant now);
  // Other page walks from now on, of all streams of the profile.
  void walk(const Profile& profile, std::vector<TableWalks> walks);
  // Exits that come and go, beside those of its burden.
  void extra_exits(StreamId stream, double cycles_per_instruction);

  // Whose modified lines it reads, if its profile has any.
  void read_from(StreamId reader, std::vector<StreamId> writers);

  // Threads that write the same lines, if their profile has any (contended_lines.hpp).
  void write_together(const std::vector<StreamId>& streams);
  // One that only waits for others, in a loop of PAUSE, writes none and loads nothing.
  void waits(StreamId stream, bool waiting);
  void limit_clock(int core, sim::Hertz clock);  // by a governor, whatever turbo would allow

  void start(StreamId stream, int cpu);
  void stop(int cpu, sim::Instant now);
  // Brings all paces up to date after starts, stops and placements; returns the streams whose pace
  // changed (running ones only). Call before reading state(). `now` drives the insertion clocks.
  const std::vector<StreamId>& settle(sim::Instant now);
  // By then, at the latest, settle() again, whatever happens: an LLC's division lags behind.
  sim::Instant due(sim::Instant now) const {
    return soonest_ == sim::kNever ? sim::kNever : now + Sharers::kStay;
  }
  // The next settle() solves for whatever drifted, be it little: before what lasts is measured.
  void allow_no_drift() { delays_.allow_no_drift(); }

  const StreamState& state(StreamId stream) const { return streams_[index(stream)].state; }
  StreamId running(int cpu) const { return on_cpu_[index(cpu)]; }
  double load_Bps(int resource) const { return carried_.load_Bps(resource); }
  // What they have carried by `now`.
  CarriedLoads& carry(sim::Instant now) {
    carried_.follow(now);
    return carried_;
  }
  const CarriedLoads& carried() const { return carried_; }
  double utilisation(int resource) const;
  // Lines brought into LLCs, and into a core's private cache since the start, in bytes.
  const LlcInsertions& insertions() const { return insertions_; }
  const std::vector<LlcInsertions::Part>& llc_parts(StreamId stream) const {
    return insertions_.parts(streams_[index(stream)].kind);
  }
  double core_inserted_B(int core, sim::Instant now) const;
  std::uint64_t solutions() const { return solutions_; }

 private:
  // Of one instruction's table reads, by where they are served.
  struct WalkCost {
    double cycles = 0.0;    // second-level TLB
    double cached_s = 0.0;  // L2 and LLC
    double misses = 0.0;    // from memory
    double overlap = 1.0;
  };
  struct Kind {
    const Profile* profile = nullptr;
    std::vector<TableWalks> walks;  // [busy threads - 1]
    // By LLC space and busy threads: a few mixes come again and again.
    std::map<std::pair<double, int>, WalkCost> known{};
  };
  // What the pace of a stream hangs on, beside what it brings along itself.
  struct Setting {
    int cpu = -1;
    int threads = 0;  // busy, of its core
    double space_B = 0.0;
    double frequency_Hz = 0.0;
    std::uint64_t delays = 0;  // solution that set them
    bool operator==(const Setting&) const = default;
  };
  struct Stream {
    const Profile* profile = nullptr;
    int kind = 0;  // index into kinds_
    int cpu = -1;
    std::vector<double> shares;  // [memory]
    std::vector<int> memories;   // those with a share
    std::vector<StreamId> writers, readers;
    int together = -1;     // index into together_
    bool waiting = false;  // for others of them
    int writes_at = -1;    // LLC where it is counted as a writer; -1: nowhere
    RecentMean writes;     // 1 while it is
    double frequency_Hz = 0.0;
    double smt_factor = 1.0;
    double llc_accesses = 0.0;  // per instruction
    double private_s = 0.0;     // L1 and L2, of loads over the footprint
    double at_once = 1.0;       // lines under way
    WalkCost walk;
    double exit_cycles = 0.0;  // per instruction
    double extra_exit_cycles = 0.0;
    double tick_cycles = 0.0;  // per second
    bool stale = false;
    bool entering = false;    // has started, and is not yet settled
    Setting paced_in{};       // what its state holds for
    double unqueued_s = 0.0;  // of an instruction's work, without delays and contended lines
    ContendedLines contended{};
    double traffic_Bps = 0.0;  // read bytes per second it adds now; 0: none
    StreamState state;
  };
  // Threads that write the same lines.
  struct Together {
    std::vector<StreamId> streams;
    std::vector<int> writers;         // [llc] that write now
    std::vector<RecentMean> recent;   // [llc]
    std::vector<StreamId> changed{};  // that began or ceased at this instant
    double applied = 0.0;             // recent ones of all LLCs, in force
  };

  // Lines read from memory.
  static double lines_per_instruction(const Stream& stream) {
    return stream.state.misses_per_instruction + stream.walk.misses;
  }
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  void mark(StreamId stream);
  void mark_around(int cpu);
  void mark_neighbours();
  void divide_llc(int llc);
  void divide_stale(sim::Instant now);
  void follow_sharers(int llc, sim::Instant now);
  Setting setting(const Stream& stream) const;
  bool paced_alone(const Stream& stream) const {  // no matter who else runs where
    return stream.writers.empty() && stream.together < 0;
  }
  void refresh_core(Stream& stream);
  const WalkCost& walk_cost(const Stream& stream, int threads);
  WalkCost compute_walks(const Kind& kind, const Stream& stream, int threads) const;
  void report(StreamId id) {
    if (reported_[index(id)]) return;
    reported_[index(id)] = 1;
    changed_.push_back(id);
  }
  void withdraw(Stream& stream, sim::Instant now);
  void contribute(Stream& stream, sim::Instant now);
  void add_load(const Stream& stream, double traffic_Bps, sim::Instant now);
  double hit_s(const Stream& stream) const;  // in the LLC
  void repace(Stream& stream) const;
  void add_dirty_lines(Stream& stream) const;
  void mark_readers(const Stream& stream);
  void count_writer(StreamId id);
  void follow_writers(sim::Instant now);
  void find_contended_lines(Stream& stream) const;
  void note_memories(const Stream& stream);
  void change_traffic(Stream& stream, double traffic_Bps, sim::Instant now);
  DelaySolver::Demand demand(const Stream& stream) const;
  void solve(sim::Instant now);

  const topology::Topology& topology_;
  ContentionConfig config_;
  CacheSharing sharing_;
  std::vector<const Profile*> kinds_;
  std::vector<Kind> walkers_;  // [kind]
  std::vector<Stream> streams_;
  std::vector<Together> together_;
  std::vector<StreamId> on_cpu_;                  // [cpu], -1: idle
  std::vector<std::vector<Sharers>> sharers_;     // [llc][kind]
  std::vector<std::vector<int>> mix_;             // [llc][kind] threads that share it
  std::vector<std::vector<double>> applied_B_;    // [llc][kind] space of each thread, in force
  std::vector<std::vector<int>> llc_cpus_;        // [llc]
  std::vector<int> busy_threads_, told_threads_;  // [core] now, and as siblings' paces know it
  std::vector<int> busy_cores_, told_cores_;      // [socket], alike
  std::vector<double> clock_Hz_, limit_Hz_;       // [active cores] turbo; [core] governor
  CarriedLoads carried_;
  DelaySolver delays_;
  std::vector<std::vector<int>> agent_cpus_;  // [agent]
  std::vector<MemorySet> reads_from_;         // [cpu] of who runs there and does not wait
  LlcInsertions insertions_;
  std::vector<GrowingSum> core_clock_;
  std::vector<StreamId> stale_, changed_, solving_;
  std::vector<char> reported_, llc_stale_, core_stale_;  // [stream] in changed_; [llc], [core]
  std::vector<int> stale_llcs_, stale_cores_;
  std::vector<sim::Instant> llc_due_;   // [llc] no sooner will its division move by itself
  sim::Instant soonest_ = sim::kNever;  // of these
  std::uint64_t solutions_ = 0;
  sim::Instant settled_{};
};

}  // namespace models::compute
