#include "models/scheduler/domains.hpp"

#include <map>
#include <set>
#include <utility>

namespace models::scheduler {
namespace {

constexpr int kReclaimDistance = 30;  // include/linux/topology.h: wake-affine up to here

struct Span {
  Level level;
  std::vector<CpuId> cpus;
  bool wake_affine;
};

using Members = std::map<int, std::vector<CpuId>>;  // by label

Members members(const std::vector<int>& label) {
  Members members;
  for (std::size_t cpu = 0; cpu < label.size(); ++cpu)
    members[label[cpu]].push_back(static_cast<CpuId>(cpu));
  return members;
}

class Spans {
 public:
  explicit Spans(const CpuMap& map)
      : map_{map}, cores_{members(map.core)}, llcs_{members(map.llc)}, nodes_{members(map.node)} {}

  std::vector<Span> of(CpuId self) const {
    const auto at = static_cast<std::size_t>(self);
    std::vector<Span> spans{{Level::smt, cores_.at(map_.core[at]), true},
                            {Level::llc, llcs_.at(map_.llc[at]), true},
                            {Level::node, nodes_.at(map_.node[at]), true}};
    const auto& distances = map_.distance[static_cast<std::size_t>(map_.node[at])];
    const std::set<int> reaches(distances.begin(), distances.end());
    for (const int reach : reaches) {
      Span span{Level::numa, {}, reach <= kReclaimDistance};
      for (CpuId cpu = 0; cpu < static_cast<CpuId>(map_.core.size()); ++cpu) {
        const auto node = static_cast<std::size_t>(map_.node[static_cast<std::size_t>(cpu)]);
        if (distances[node] <= reach) span.cpus.push_back(cpu);
      }
      spans.push_back(std::move(span));
    }
    return spans;
  }

 private:
  const CpuMap& map_;
  Members cores_, llcs_, nodes_;
};

// The rest of a span in groups of one label each, in the order of their first CPUs; each CPU alone
// without labels.
std::vector<std::vector<CpuId>> cut_by(const std::vector<int>* label,
                                       const std::vector<CpuId>& rest) {
  std::vector<std::vector<CpuId>> groups;
  std::map<int, std::size_t> known;  // label to group
  for (const CpuId cpu : rest) {
    const int own = label == nullptr ? cpu : (*label)[static_cast<std::size_t>(cpu)];
    const auto [at, added] = known.try_emplace(own, groups.size());
    if (added) groups.emplace_back();
    groups[at->second].push_back(cpu);
  }
  return groups;
}

}  // namespace

std::vector<std::vector<Domain>> build_domains(const CpuMap& map) {
  const auto cpus = static_cast<CpuId>(map.core.size());
  const Spans spans{map};
  std::vector<std::vector<Domain>> domains(map.core.size());
  for (CpuId self = 0; self < cpus; ++self) {
    std::vector<CpuId> inner{self};
    // What the groups of the next level are cut by: threads, then cores, LLCs, nodes.
    const std::vector<int>* cut = nullptr;
    const auto label_of = [&](Level level) -> const std::vector<int>* {
      return level == Level::smt ? &map.core : level == Level::llc ? &map.llc : &map.node;
    };
    for (Span& span : spans.of(self)) {
      if (span.cpus.size() <= inner.size()) {
        if (span.level != Level::numa) cut = label_of(span.level);
        continue;
      }
      Domain domain;
      domain.level = span.level;
      domain.wake_affine = span.wake_affine;
      domain.cache_nice_tries = span.level == Level::smt ? 0 : span.level == Level::numa ? 2 : 1;
      std::vector<char> within(map.core.size(), 0);
      for (const CpuId cpu : inner) within[static_cast<std::size_t>(cpu)] = 1;
      std::vector<CpuId> rest;
      for (const CpuId cpu : span.cpus) {
        if (within[static_cast<std::size_t>(cpu)] == 0) rest.push_back(cpu);
      }
      domain.groups = cut_by(cut, rest);
      domain.groups.insert(domain.groups.begin(), inner);
      domain.span = span.cpus;
      if (span.level != Level::numa) cut = label_of(span.level);
      inner = std::move(span.cpus);
      domains[static_cast<std::size_t>(self)].push_back(std::move(domain));
    }
  }
  return domains;
}

}  // namespace models::scheduler
