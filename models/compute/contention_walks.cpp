// What a thread's page walks cost it, given its space in the caches (contention.hpp).
#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"

namespace models::compute {
namespace {

constexpr double kLine_B = 64.0;
constexpr int kWalkRounds = 4;
constexpr double kRarely = 1e-12;  // per instruction

}  // namespace

const Contention::WalkCost& Contention::walk_cost(const Stream& stream, int threads) {
  constexpr std::size_t kMost = 4096;  // mixes kept; more mean that hardly any comes again
  Kind& kind = walkers_[index(stream.kind)];
  if (kind.known.size() >= kMost) kind.known.clear();
  const auto [found, fresh] = kind.known.try_emplace({stream.state.space_B, threads});
  if (fresh) found->second = compute_walks(kind, stream, threads);
  return found->second;
}

void Contention::walk(const Profile& profile, std::vector<TableWalks> walks) {
  const auto found = std::find(kinds_.begin(), kinds_.end(), &profile);
  if (found == kinds_.end()) return;
  const auto kind = static_cast<int>(found - kinds_.begin());
  walkers_[index(kind)].walks = std::move(walks);
  walkers_[index(kind)].known.clear();
  for (std::size_t id = 0; id < streams_.size(); ++id) {
    if (streams_[id].kind != kind) continue;
    streams_[id].paced_in = {};
    if (streams_[id].cpu >= 0) mark(static_cast<StreamId>(id));
  }
}

// Where table reads find their lines. A line stays in a cache for the time in which as much is
// brought in as the stream has space there; it is found when it is read again before that. With
// reads of a line coming at random, that is 1 - exp(-time x rate).
Contention::WalkCost Contention::compute_walks(const Kind& kind, const Stream& stream,
                                               int threads) const {
  const topology::Description& d = topology_.description();
  const TableWalks& walks = kind.walks[std::min(index(threads), kind.walks.size()) - 1];
  const double accesses = stream.llc_accesses;
  const double l2_lines = static_cast<double>(d.l2.size.count()) / kLine_B / threads;
  const double llc_lines = stream.state.space_B / kLine_B;
  double beyond_l2 = 0.0, beyond_llc = 0.0, reads = 0.0;
  for (int round = 0; round < kWalkRounds; ++round) {  // walks bring in lines, too
    const double l2_stay = l2_lines / std::max(kRarely, accesses + beyond_l2);
    const double llc_stay =
        llc_lines / std::max(kRarely, stream.state.misses_per_instruction + beyond_llc);
    beyond_l2 = beyond_llc = reads = 0.0;
    for (const TableReads& read : walks.reads) {
      const double line_rate = read.per_instruction / read.lines;
      const double past_l2 = read.per_instruction * std::exp(-l2_stay * line_rate);
      reads += read.per_instruction;
      beyond_l2 += past_l2;
      beyond_llc += past_l2 * std::exp(-llc_stay * line_rate);
    }
  }
  return {.cycles = walks.cycles_per_instruction,
          .cached_s = (reads - beyond_l2) * sim::seconds(d.l2.latency) +
                      (beyond_l2 - beyond_llc) * sim::seconds(d.llc.latency),
          .misses = beyond_llc,
          .overlap = walks.overlap};
}

}  // namespace models::compute
