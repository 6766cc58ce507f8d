#include "models/compute/cold_cache.hpp"

#include <algorithm>
#include <cmath>

#include "models/compute/footprint_loads.hpp"

namespace models::compute {
namespace {

constexpr double kLine_B = 64.0;

double surviving_B(double held_B, double inserted_B, double cache_B) {
  return cache_B > 0 ? held_B * std::exp(-inserted_B / cache_B) : 0.0;
}

}  // namespace

ColdCache::ColdCache(const topology::Topology& topology, const Contention& contention,
                     bool llc_sharing)
    : topology_{topology},
      contention_{contention},
      llc_sharing_{llc_sharing},
      core_B_{static_cast<double>(topology.description().l2.size.count())},
      has_llc_{topology.description().llc.size.count() > 0},
      llc_latency_s_{sim::seconds(topology.description().llc.latency)} {}

void ColdCache::add() {
  memory_.emplace_back();
}

ColdCache::Tenancy* ColdCache::in_llc(Memory& memory, int llc) {
  const std::size_t regions = contention_.insertions().regions();
  if (memory.in_llc.empty())
    memory.in_llc.resize(static_cast<std::size_t>(topology_.llcs()) * regions);
  return &memory.in_llc[static_cast<std::size_t>(llc) * regions];
}

void ColdCache::leave(StreamId stream, int cpu, const Profile& profile, sim::Instant now,
                      const Missing& missing) {
  Memory& memory = memory_[static_cast<std::size_t>(stream)];
  const topology::Cpu& at = topology_.cpu(cpu);
  const double core_B = std::min(static_cast<double>(profile.footprint.count()), core_B_);
  const double llc_B = contention_.state(stream).space_B;
  memory.core = at.core;
  memory.in_core = {.held_B = std::max(0.0, core_B - missing.core * memory.core_cold_B),
                    .wanted_B = core_B,
                    .inserted_B = contention_.core_inserted_B(at.core, now)};
  const double held_B = std::max(0.0, llc_B - missing.llc * memory.llc_cold_B);
  Tenancy* const tenancies = in_llc(memory, at.llc);
  for (const LlcInsertions::Part& part : contention_.llc_parts(stream)) {
    tenancies[part.region] = {
        .held_B = held_B * part.share,
        .wanted_B = llc_B * part.share,
        .inserted_B = contention_.insertions().inserted_B(at.llc, part.region, now)};
  }
}

ColdCache::Refill ColdCache::enter(StreamId stream, int cpu, const Profile& profile,
                                   sim::Instant now, double most_B) {
  Memory& memory = memory_[static_cast<std::size_t>(stream)];
  memory.core_cold_B = memory.llc_cold_B = 0.0;
  if (memory.core < 0) return {};
  const topology::Cpu& at = topology_.cpu(cpu);
  const StreamState& state = contention_.state(stream);
  const double footprint_B = static_cast<double>(profile.footprint.count());
  const double core_warm_B =
      memory.core == at.core
          ? surviving_B(memory.in_core.held_B,
                        contention_.core_inserted_B(at.core, now) - memory.in_core.inserted_B,
                        core_B_)
          : 0.0;
  double llc_warm_B = 0.0, wanted_B = 0.0;
  const Tenancy* const tenancies = in_llc(memory, at.llc);
  for (const LlcInsertions::Part& part : contention_.llc_parts(stream)) {
    const Tenancy& tenancy = tenancies[part.region];
    const double count_B = contention_.insertions().inserted_B(at.llc, part.region, now);
    const double inserted_B = llc_sharing_ ? count_B - tenancy.inserted_B : 0.0;
    llc_warm_B += surviving_B(tenancy.held_B, inserted_B, part.size_B);
    wanted_B += tenancy.wanted_B;
  }
  // Only what it will hold again is fetched again; where it comes back to, space that others have
  // left since is none that it has lost. A line lost from both is fetched once, from memory; the
  // private cache's other lines come from the LLC, if there is one.
  const bool back = topology_.cpu(topology_.cpus_of_core(memory.core).front()).llc == at.llc;
  const double held_again_B = back ? std::min(state.space_B, wanted_B) : state.space_B;
  memory.llc_cold_B = std::max(0.0, held_again_B - llc_warm_B);
  memory.core_cold_B = std::max(0.0, std::min(footprint_B, core_B_) - core_warm_B);
  const double at_once = lines_at_once(topology_.description().line_buffers, profile, 1);
  Refill refill;
  const double core_held_B = std::min(footprint_B, core_B_);
  const auto share = [&](double held_B) { return held_B > most_B ? most_B / held_B : 1.0; };
  refill.core_share = share(core_held_B);
  refill.llc_share = share(held_again_B);
  // Of a part of its lines, those that the LLC has lost are as frequent as of all.
  const double llc_lost = held_again_B > 0 ? memory.llc_cold_B / held_again_B : 0.0;
  const double from_llc_B =
      std::isfinite(most_B)
          ? refill.core_share * std::max(0.0, memory.core_cold_B - llc_lost * core_held_B)
          : std::max(0.0, memory.core_cold_B - memory.llc_cold_B);
  const double line_s = has_llc_ ? llc_latency_s_ : state.memory_latency_s;
  refill.core = sim::from_seconds(from_llc_B * line_s / kLine_B / at_once);
  const double accesses = profile.llc_accesses_per_kilo_instruction / 1e3;
  if (accesses <= 0) return refill;
  refill.llc = sim::from_seconds(refill.llc_share * memory.llc_cold_B * state.memory_latency_s /
                                 kLine_B / at_once);
  refill.llc_instructions = held_again_B / kLine_B / accesses;
  return refill;
}

}  // namespace models::compute
