#include "models/scheduler/idle_cpus.hpp"

#include <algorithm>

namespace models::scheduler {

IdleCpus::IdleCpus(const CpuMap& map) : count_{static_cast<int>(map.core.size())} {
  const auto most = [](const std::vector<int>& of) {
    return of.empty() ? std::size_t{0} : index(*std::max_element(of.begin(), of.end())) + 1;
  };
  caches_.resize(most(map.llc));
  cores_.resize(most(map.core));
  for (CpuId cpu = 0; cpu < count_; ++cpu) {
    Cache& cache = caches_[index(map.llc[index(cpu)])];
    const std::size_t position = cache.cpus.size();
    cpus_.push_back({.cache = static_cast<std::uint32_t>(map.llc[index(cpu)]),
                     .position = static_cast<std::uint32_t>(position),
                     .core = static_cast<std::uint32_t>(map.core[index(cpu)])});
    cache.cpus.push_back(cpu);
    cache.idle.resize(position / kWord + 1);
    cache.idle_cores.resize(position / kWord + 1);
    flip(cache.idle, position);
    flip(cache.idle_cores, position);
    ++cache.idle_count;
    cores_[index(map.core[index(cpu)])].cpus.push_back(cpu);
  }
}

// `idle` is not what it was.
void IdleCpus::set(CpuId cpu, bool idle) {
  const Cpu& own = cpus_[index(cpu)];
  Cache& cache = caches_[own.cache];
  Core& core = cores_[own.core];
  const int more = idle ? 1 : -1;
  count_ += more;
  cache.idle_count += more;
  flip(cache.idle, own.position);
  const bool was = core.busy == 0;
  core.busy -= more;
  if (was != (core.busy == 0)) flip_core(core);
}

void IdleCpus::flip_core(const Core& core) {
  for (const CpuId cpu : core.cpus) {
    const Cpu& own = cpus_[index(cpu)];
    flip(caches_[own.cache].idle_cores, own.position);
  }
}

}  // namespace models::scheduler
