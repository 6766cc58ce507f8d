// How long an instruction takes a thread at the delays in force, and the threads that new delays
// are solved for (contention.hpp).
#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"
#include "models/compute/footprint_loads.hpp"

namespace models::compute {
namespace {

constexpr double kMostTicking = 0.99;  // of the time: a guest that does nothing else

// Walks of threads that share a walker wait for each other: mean-value analysis of a station that
// all come back to (Reiser and Lavenberg, J. ACM 1980), each with as many walks as this one. Exact
// for two.
double queued_walk_s(double walk_s, double other_s, int threads, int walkers) {
  const int sharing = (threads + walkers - 1) / walkers;
  double queue = 0.0, result_s = walk_s;
  for (int n = 1; n <= sharing && walk_s > 0; ++n) {
    result_s = walk_s * (1.0 + queue);
    queue = n * result_s / (result_s + other_s);
  }
  return result_s;
}

}  // namespace

// LLC space by now known, clock, the sibling's share.
Contention::Setting Contention::setting(const Stream& stream) const {
  const topology::Cpu& at = topology_.cpu(stream.cpu);
  const double whole_B = static_cast<double>(topology_.description().llc.size.count());
  return {
      .cpu = stream.cpu,
      .threads = busy_threads_[index(at.core)],
      .space_B = config_.llc_sharing
                     ? applied_B_[index(at.llc)][index(stream.kind)]
                     : std::min(whole_B, static_cast<double>(stream.profile->footprint.count())),
      .frequency_Hz =
          std::min(clock_Hz_[index(busy_cores_[index(at.socket)])], limit_Hz_[index(at.core)]),
      .delays = solutions_};
}

// What the core itself gives.
void Contention::refresh_core(Stream& stream) {
  const topology::Description& d = topology_.description();
  stream.state.space_B = stream.paced_in.space_B;
  stream.frequency_Hz = stream.paced_in.frequency_Hz;
  const int threads = stream.paced_in.threads;
  const double yield = d.smt_yield > 0 ? d.smt_yield : stream.profile->smt_yield;
  stream.smt_factor =
      config_.smt && threads > 1 ? std::max(1.0, threads / core_throughput(threads, yield)) : 1.0;
  const Profile& profile = *stream.profile;
  stream.at_once = lines_at_once(d.line_buffers, profile, threads, d.smt_yield);
  stream.llc_accesses = profile.llc_accesses_per_kilo_instruction / 1000.0;
  const bool cached = d.llc.size > sim::Bytes{};  // else what L2 misses comes from memory
  stream.state.misses_per_instruction =
      stream.llc_accesses * (cached ? profile.miss_curve(stream.state.space_B) : 1.0);
  const double loads = profile.footprint_loads_per_kilo_instruction / 1000.0;
  if (loads > 0) {
    const Served by = served(d, profile, stream.state.space_B, threads);
    stream.private_s =
        loads * (by.l1 * static_cast<double>(d.l1.latency.count()) / stream.frequency_Hz +
                 by.l2 * sim::seconds(d.l2.latency));
    stream.llc_accesses += loads * (by.llc + by.memory);
    stream.state.misses_per_instruction += loads * by.memory;
  }
  if (!walkers_[index(stream.kind)].walks.empty()) stream.walk = walk_cost(stream, threads);
}

double Contention::hit_s(const Stream& stream) const {
  const topology::LlcLatency& latency = topology_.llc_latency(stream.cpu);
  switch (stream.profile->llc_slices) {
    case Slices::all:
      return latency.mean_s;
    case Slices::nearest:
      return latency.nearest_s;
    case Slices::farthest:
      return latency.farthest_s;
  }
  return latency.mean_s;
}

// As of its last repace().
DelaySolver::Demand Contention::demand(const Stream& stream) const {
  const double stalled = stream.state.misses_per_instruction / stream.at_once;
  const double written = stream.profile->write_back_fraction;
  return {.unqueued_s = stream.unqueued_s,
          .at_work = 1.0 - std::min(kMostTicking, stream.tick_cycles / stream.frequency_Hz),
          .lines = lines_per_instruction(stream),
          .reads = stalled + stream.walk.misses / stream.walk.overlap,
          .writes = stalled * written,
          .written = written,
          .now_Bps = stream.traffic_Bps,
          .contended = stream.contended};
}

void Contention::repace(Stream& stream) const {
  const Profile& profile = *stream.profile;
  const topology::Description& d = topology_.description();
  const int agent = topology_.cpu(stream.cpu).agent;
  const double misses = stream.state.misses_per_instruction;
  const double hits = stream.llc_accesses - misses;
  const double stalled = misses / stream.at_once;
  const double local_s = sim::seconds(d.controller.latency);
  const double core_s = profile.base_cpi / stream.frequency_Hz;
  double remote_s = 0.0;
  DelaySolver::RouteDelays delays;
  for (const int memory : stream.memories) {
    const double share = stream.shares[index(memory)];
    if (config_.remote_latency) {
      remote_s += share * (topology_.route(agent, memory).idle_latency_s - local_s);
    }
    const DelaySolver::RouteDelays& route = delays_.delays(agent, memory);
    delays.controller_s += share * route.controller_s;
    delays.links_s += share * route.links_s;
    delays.port_s += share * route.port_s;
  }
  Pace& pace = stream.state.pace;
  pace.running_s = core_s + (stream.private_s + hits * hit_s(stream)) / stream.at_once;
  pace.smt_s = core_s * (stream.smt_factor - 1.0);
  add_dirty_lines(stream);
  pace.local_s = stalled * local_s;
  pace.remote_s += stalled * remote_s;
  pace.controller_s = stalled * delays.controller_s;
  // A line that is read waits for the one that it puts out of the cache.
  pace.link_s = stalled * (delays.links_s + profile.write_back_fraction * delays.port_s);
  const double memory_s = local_s + remote_s + delays.controller_s + delays.links_s;
  double walking_s = (stream.walk.cached_s + stream.walk.misses * memory_s) / stream.walk.overlap;
  pace.exits_s =
      (stream.exit_cycles + stream.extra_exit_cycles) / stream.frequency_Hz * stream.smt_factor;
  const double beside_s = pace.running_s + pace.smt_s + pace.local_s + pace.remote_s +
                          pace.controller_s + pace.link_s + pace.exits_s;
  if (config_.smt && stream.walk.overlap <= 1.0)
    walking_s = queued_walk_s(walking_s, beside_s, stream.paced_in.threads, d.tlb.walkers);
  pace.translation_s = stream.walk.cycles / stream.frequency_Hz + walking_s;
  const double undisturbed_s = beside_s + pace.translation_s;
  const DelaySolver::Demand demand = this->demand(stream);
  stream.unqueued_s = undisturbed_s - delays.wait_s(demand.reads, demand.writes);
  find_contended_lines(stream);
  pace.lines_s = stream.contended.wait_s(undisturbed_s);
  const double working_s = undisturbed_s + pace.lines_s;
  pace.instruction_s = working_s / demand.at_work;
  pace.ticks_s = pace.instruction_s - working_s;
  stream.state.memory_latency_s = memory_s;
  ++stream.state.version;
}

void Contention::solve(sim::Instant now) {
  ++solutions_;
  solving_.clear();
  delays_.begin();
  for (int agent = 0; agent < topology_.agents(); ++agent) {
    const MemorySet opened = delays_.opened(agent);
    if (opened == 0) continue;
    for (const int cpu : agent_cpus_[index(agent)]) {
      if ((reads_from_[index(cpu)] & opened) == 0) continue;
      const StreamId id = on_cpu_[index(cpu)];
      const Stream& stream = streams_[index(id)];
      solving_.push_back(id);
      delays_.demand(demand(stream), agent, stream.memories, stream.shares);
    }
  }
  delays_.solve(carried_);
  for (const StreamId id : solving_) {
    Stream& stream = streams_[index(id)];
    repace(stream);
    contribute(stream, now);
    stream.paced_in.delays = solutions_;
    report(id);
  }
  delays_.finish(carried_);
}

}  // namespace models::compute
