#include "models/compute/contention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace models::compute {
namespace {

constexpr double kLine_B = 64.0;      // cache line of every x86 since 2001
constexpr double kSpaceDrift = 0.05;  // of a thread's LLC space: less changes nothing
constexpr int kMostPasses = 4;

CacheMachine cache_machine(const topology::Description& d) {
  return {.frequency_Hz = d.frequency.count(),
          .l2_B = static_cast<double>(d.l2.size.count()),
          .llc_B = static_cast<double>(d.llc.size.count()),
          .llc_latency_s = sim::seconds(d.llc.latency),
          .memory_latency_s = sim::seconds(d.controller.latency),
          .llc_ways = d.llc_ways,
          .buffers = d.line_buffers};
}

std::vector<double> capacities(const topology::Topology& topology) {
  std::vector<double> capacity_Bps;
  for (const topology::Resource& resource : topology.resources())
    capacity_Bps.push_back(resource.capacity_Bps);
  return capacity_Bps;
}

}  // namespace

Contention::Contention(const topology::Topology& topology, const ContentionConfig& config)
    : topology_{topology},
      config_{config},
      sharing_{cache_machine(topology.description())},
      carried_{capacities(topology)},
      delays_{topology, config.controller_queueing, config.link_bandwidth},
      insertions_{topology.llcs(), topology.description().llc_ways,
                  static_cast<double>(topology.description().llc.size.count())} {
  const topology::Description& d = topology.description();
  on_cpu_.assign(index(topology.cpus()), -1);
  reads_from_.assign(index(topology.cpus()), 0);
  mix_.resize(index(topology.llcs()));
  sharers_.resize(index(topology.llcs()));
  applied_B_.resize(index(topology.llcs()));
  llc_cpus_.resize(index(topology.llcs()));
  for (int cpu = 0; cpu < topology.cpus(); ++cpu) {
    llc_cpus_[index(topology.cpu(cpu).llc)].push_back(cpu);
  }
  busy_threads_.assign(index(topology.cores()), 0);
  busy_cores_.assign(index(topology.sockets()), 0);
  told_threads_ = busy_threads_;
  told_cores_ = busy_cores_;
  core_stale_.assign(index(topology.cores()), 0);
  const int cores_of_socket = topology.cores() / topology.sockets();
  clock_Hz_.assign(index(cores_of_socket + 1), d.frequency.count());
  for (int active = 1; active <= cores_of_socket && config.turbo && !d.turbo.empty(); ++active) {
    const auto bin = std::min(index(active - 1), d.turbo.size() - 1);
    clock_Hz_[index(active)] = d.turbo[bin].count();
  }
  limit_Hz_.assign(index(topology.cores()), std::numeric_limits<double>::infinity());
  agent_cpus_.resize(index(topology.agents()));
  for (int cpu = 0; cpu < topology.cpus(); ++cpu)
    agent_cpus_[index(topology.cpu(cpu).agent)].push_back(cpu);
  core_clock_.resize(index(topology.cores()));
  llc_stale_.assign(index(topology.llcs()), 0);
  llc_due_.assign(index(topology.llcs()), sim::kNever);
}

StreamId Contention::add(const Profile& profile, Burden burden) {
  const auto known = std::find(kinds_.begin(), kinds_.end(), &profile);
  Stream stream;
  stream.profile = &profile;
  stream.kind = static_cast<int>(known - kinds_.begin());
  stream.exit_cycles = burden.exit_cycles_per_instruction;
  stream.tick_cycles = burden.tick_cycles_per_second;
  if (known == kinds_.end()) {
    kinds_.push_back(&profile);
    sharing_.add(burden.llc_ways);
    insertions_.add(std::move(burden.llc_ways));
    walkers_.push_back({&profile, std::move(burden.walks)});
    for (auto& mix : mix_) mix.push_back(0);
    for (auto& sharers : sharers_) sharers.emplace_back();
  }
  stream.shares.assign(index(topology_.memories()), 0.0);
  streams_.push_back(std::move(stream));
  reported_.push_back(0);
  const StreamId id = static_cast<StreamId>(streams_.size()) - 1;
  std::vector<double> even(index(topology_.memories()), 1.0 / topology_.memories());
  place(id, even);
  return id;
}

void Contention::place(StreamId id, const std::vector<double>& shares, sim::Instant now) {
  Stream& stream = streams_[index(id)];
  if (stream.cpu >= 0 && stream.traffic_Bps > 0) add_load(stream, -stream.traffic_Bps, now);
  stream.shares = shares;
  stream.paced_in = {};
  stream.memories.clear();
  for (int memory = 0; memory < topology_.memories(); ++memory) {
    if (shares[index(memory)] > 0) stream.memories.push_back(memory);
  }
  if (stream.cpu < 0) return;
  if (stream.traffic_Bps > 0) add_load(stream, stream.traffic_Bps, now);
  note_memories(stream);
  mark(id);
}

void Contention::add_traffic(int memory, double change_Bps, sim::Instant now) {
  carried_.add(memory, change_Bps, now);
}

void Contention::extra_exits(StreamId id, double cycles_per_instruction) {
  Stream& stream = streams_[index(id)];
  if (stream.extra_exit_cycles == cycles_per_instruction) return;
  stream.extra_exit_cycles = cycles_per_instruction;
  stream.paced_in = {};
  if (stream.cpu >= 0) mark(id);
}

void Contention::mark(StreamId id) {
  Stream& stream = streams_[index(id)];
  if (stream.stale) return;
  stream.stale = true;
  stale_.push_back(id);
}

// Everybody whose pace depends on whether `cpu` is busy, if settle() finds that it has changed.
void Contention::mark_around(int cpu) {
  const topology::Cpu& at = topology_.cpu(cpu);
  if (config_.llc_sharing && !llc_stale_[index(at.llc)]) {
    llc_stale_[index(at.llc)] = 1;
    stale_llcs_.push_back(at.llc);
  }
  if (core_stale_[index(at.core)]) return;
  core_stale_[index(at.core)] = 1;
  stale_cores_.push_back(at.core);
}

// Where one thread has followed another, nothing is new to those around it.
void Contention::mark_neighbours() {
  for (const int core : stale_cores_) {
    core_stale_[index(core)] = 0;
    const std::vector<int>& cpus = topology_.cpus_of_core(core);
    const int socket = topology_.cpu(cpus.front()).socket;
    const bool clock = clock_Hz_[index(busy_cores_[index(socket)])] !=
                       clock_Hz_[index(told_cores_[index(socket)])];
    told_cores_[index(socket)] = busy_cores_[index(socket)];
    for (int cpu = 0; clock && cpu < topology_.cpus(); ++cpu) {
      if (topology_.cpu(cpu).socket == socket && on_cpu_[index(cpu)] >= 0)
        mark(on_cpu_[index(cpu)]);
    }
    if (busy_threads_[index(core)] == told_threads_[index(core)]) continue;
    told_threads_[index(core)] = busy_threads_[index(core)];
    for (const int cpu : cpus) {
      if (on_cpu_[index(cpu)] >= 0) mark(on_cpu_[index(cpu)]);
    }
  }
  stale_cores_.clear();
}

void Contention::limit_clock(int core, sim::Hertz clock) {
  limit_Hz_[index(core)] = clock.count();
  for (const int cpu : topology_.cpus_of_core(core)) {
    if (on_cpu_[index(cpu)] >= 0) mark(on_cpu_[index(cpu)]);
  }
}

void Contention::start(StreamId id, int cpu) {
  const topology::Cpu& at = topology_.cpu(cpu);
  Stream& stream = streams_[index(id)];
  stream.cpu = cpu;
  stream.entering = true;
  on_cpu_[index(cpu)] = id;
  note_memories(stream);
  sharers_[index(at.llc)][index(stream.kind)].change(1);
  if (++busy_threads_[index(at.core)] == 1) ++busy_cores_[index(at.socket)];
  mark(id);
  mark_around(cpu);
  mark_readers(stream);
  count_writer(id);
}

void Contention::stop(int cpu, sim::Instant now) {
  const topology::Cpu& at = topology_.cpu(cpu);
  const StreamId id = on_cpu_[index(cpu)];
  Stream& stream = streams_[index(id)];
  on_cpu_[index(cpu)] = -1;
  reads_from_[index(cpu)] = 0;
  sharers_[index(at.llc)][index(stream.kind)].change(-1);
  withdraw(stream, now);
  stream.cpu = -1;
  mark_readers(stream);
  count_writer(id);
  if (--busy_threads_[index(at.core)] == 0) --busy_cores_[index(at.socket)];
  mark_around(cpu);
}

// Those whose sharers have changed, and those that lag behind and are due.
void Contention::divide_stale(sim::Instant now) {
  for (const int llc : stale_llcs_) {
    llc_stale_[index(llc)] = 0;
    follow_sharers(llc, now);
    soonest_ = std::min(soonest_, llc_due_[index(llc)]);
  }
  stale_llcs_.clear();
  if (soonest_ > now) return;
  soonest_ = sim::kNever;
  for (int llc = 0; llc < topology_.llcs(); ++llc) {
    if (llc_due_[index(llc)] <= now) follow_sharers(llc, now);
    soonest_ = std::min(soonest_, llc_due_[index(llc)]);
  }
}

void Contention::follow_sharers(int llc, sim::Instant now) {
  bool moved = false;
  sim::Instant due = sim::kNever;
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    Sharers& sharers = sharers_[index(llc)][kind];
    moved |= sharers.follow(now);
    due = std::min(due, sharers.due());
    mix_[index(llc)][kind] = sharers.counted();
  }
  llc_due_[index(llc)] = due;
  if (moved) divide_llc(llc);
}

void Contention::divide_llc(int llc) {
  const std::vector<double>& space = sharing_.divide(kinds_, mix_[index(llc)]);
  std::vector<double>& applied = applied_B_[index(llc)];
  applied.resize(kinds_.size(), -1.0);
  for (std::size_t kind = 0; kind < applied.size(); ++kind) {
    if (mix_[index(llc)][kind] == 0) continue;
    // A neighbour more or less among many hardly moves anybody's space, but would touch everybody.
    if (std::abs(space[kind] - applied[kind]) <= kSpaceDrift * applied[kind]) continue;
    applied[kind] = space[kind];
    for (const int cpu : llc_cpus_[index(llc)]) {
      const StreamId id = on_cpu_[index(cpu)];
      if (id >= 0 && index(streams_[index(id)].kind) == kind) mark(id);
    }
  }
}

void Contention::add_load(const Stream& stream, double traffic_Bps, sim::Instant now) {
  const int agent = topology_.cpu(stream.cpu).agent;
  const double written = stream.profile->write_back_fraction;
  for (const int memory : stream.memories) {
    const double read_Bps = traffic_Bps * stream.shares[index(memory)];
    for (const DelaySolver::Crossing& at : delays_.crossings(agent, memory))
      carried_.add(at.resource, read_Bps * (at.read + written * at.written), now);
  }
}

void Contention::withdraw(Stream& stream, sim::Instant now) {
  if (stream.traffic_Bps > 0) change_traffic(stream, 0.0, now);
}

void Contention::contribute(Stream& stream, sim::Instant now) {
  const double lines = lines_per_instruction(stream);
  if (lines <= 0 || stream.waiting) return;
  change_traffic(stream, lines * kLine_B / stream.state.pace.instruction_s, now);
}

// Of one that does what it did.
void Contention::change_traffic(Stream& stream, double traffic_Bps, sim::Instant now) {
  const topology::Cpu& at = topology_.cpu(stream.cpu);
  const double change_Bps = traffic_Bps - stream.traffic_Bps;
  add_load(stream, change_Bps, now);
  insertions_.change(at.llc, stream.kind, change_Bps, now);
  core_clock_[index(at.core)].change(
      change_Bps * stream.llc_accesses / lines_per_instruction(stream), now);
  stream.traffic_Bps = traffic_Bps;
}

void Contention::note_memories(const Stream& stream) {
  MemorySet memories = 0;
  for (const int memory : stream.memories) memories |= memory_set(memory);
  reads_from_[index(stream.cpu)] = stream.waiting ? 0 : memories;
}

const std::vector<StreamId>& Contention::settle(sim::Instant now) {
  settled_ = now;
  for (const StreamId id : changed_) reported_[index(id)] = 0;
  changed_.clear();
  divide_stale(now);
  mark_neighbours();
  follow_writers(now);
  for (const StreamId id : stale_) {
    Stream& stream = streams_[index(id)];
    stream.stale = false;
    if (stream.cpu < 0) continue;
    const bool entering = std::exchange(stream.entering, false);
    // Most come back to what they left, or see a neighbour change that is none of theirs.
    const Setting now_in = setting(stream);
    if (now_in == stream.paced_in && paced_alone(stream)) {
      if (!entering) continue;
    } else {
      withdraw(stream, now);
      stream.paced_in = now_in;
      refresh_core(stream);
      repace(stream);
    }
    contribute(stream, now);
    report(id);
  }
  stale_.clear();
  // What is solved for one resource moves others' loads. They are then solved together: two full
  // ones, each for itself in turn, would take turns without end.
  bool drifted = delays_.drifted(carried_);
  for (int pass = 0; drifted && pass < kMostPasses; ++pass) {
    solve(now);
    drifted = delays_.drifted(carried_);
  }
  delays_.close_all();
  if (!drifted) carried_.forget_changes();
  return changed_;
}

double Contention::utilisation(int resource) const {
  return load_Bps(resource) / topology_.resources()[index(resource)].capacity_Bps;
}

double Contention::core_inserted_B(int core, sim::Instant now) const {
  return core_clock_[index(core)].at(now);
}

}  // namespace models::compute
