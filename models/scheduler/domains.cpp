#include "models/scheduler/domains.hpp"

#include <algorithm>
#include <set>

namespace models::scheduler {
namespace {

constexpr int kReclaimDistance = 30;  // include/linux/topology.h: wake-affine up to here

struct Span {
  Level level;
  std::vector<CpuId> cpus;
  bool wake_affine;
};

std::vector<CpuId> members(const CpuMap& map, CpuId self, const std::vector<int>& label) {
  std::vector<CpuId> cpus;
  for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
    if (label[static_cast<std::size_t>(cpu)] == label[static_cast<std::size_t>(self)]) {
      cpus.push_back(cpu);
    }
  }
  return cpus;
}

std::vector<Span> spans_of(const CpuMap& map, CpuId self) {
  std::vector<Span> spans{{Level::smt, members(map, self, map.core), true},
                          {Level::llc, members(map, self, map.llc), true},
                          {Level::node, members(map, self, map.node), true}};
  const auto& distances =
      map.distance[static_cast<std::size_t>(map.node[static_cast<std::size_t>(self)])];
  const std::set<int> reaches(distances.begin(), distances.end());
  for (const int reach : reaches) {
    Span span{Level::numa, {}, reach <= kReclaimDistance};
    for (CpuId cpu = 0; cpu < static_cast<CpuId>(map.core.size()); ++cpu) {
      const auto node = static_cast<std::size_t>(map.node[static_cast<std::size_t>(cpu)]);
      if (distances[node] <= reach) span.cpus.push_back(cpu);
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

}  // namespace

std::vector<std::vector<Domain>> build_domains(const CpuMap& map) {
  const auto cpus = static_cast<CpuId>(map.core.size());
  std::vector<std::vector<Domain>> domains(map.core.size());
  for (CpuId self = 0; self < cpus; ++self) {
    std::vector<CpuId> inner{self};
    // What the groups of the next level are cut by: threads, then cores, LLCs, nodes.
    const std::vector<int>* cut = nullptr;
    const auto label_of = [&](Level level) -> const std::vector<int>* {
      return level == Level::smt ? &map.core : level == Level::llc ? &map.llc : &map.node;
    };
    for (Span& span : spans_of(map, self)) {
      if (span.cpus.size() <= inner.size()) {
        if (span.level != Level::numa) cut = label_of(span.level);
        continue;
      }
      Domain domain;
      domain.level = span.level;
      domain.wake_affine = span.wake_affine;
      domain.cache_nice_tries = span.level == Level::smt ? 0 : span.level == Level::numa ? 2 : 1;
      std::vector<char> grouped(map.core.size(), 0);
      for (const CpuId cpu : inner) grouped[static_cast<std::size_t>(cpu)] = 1;
      domain.groups.push_back(inner);
      for (const CpuId cpu : span.cpus) {
        if (grouped[static_cast<std::size_t>(cpu)] != 0) continue;
        std::vector<CpuId> group;
        for (const CpuId other : span.cpus) {
          const bool together = cut == nullptr ? other == cpu
                                               : (*cut)[static_cast<std::size_t>(other)] ==
                                                     (*cut)[static_cast<std::size_t>(cpu)];
          if (!together) continue;
          group.push_back(other);
          grouped[static_cast<std::size_t>(other)] = 1;
        }
        domain.groups.push_back(std::move(group));
      }
      domain.span = span.cpus;
      if (span.level != Level::numa) cut = label_of(span.level);
      inner = std::move(span.cpus);
      domains[static_cast<std::size_t>(self)].push_back(std::move(domain));
    }
  }
  return domains;
}

}  // namespace models::scheduler
