#include "models/scheduler/idle_cpus.hpp"

#include <algorithm>

namespace models::scheduler {
namespace {

std::vector<std::vector<CpuId>> members(const std::vector<int>& of) {
  std::vector<std::vector<CpuId>> sets;
  for (std::size_t cpu = 0; cpu < of.size(); ++cpu) {
    const auto set = static_cast<std::size_t>(of[cpu]);
    if (sets.size() <= set) sets.resize(set + 1);
    sets[set].push_back(static_cast<CpuId>(cpu));
  }
  return sets;
}

}  // namespace

IdleCpus::IdleCpus(const CpuMap& map) : cpus_{map.core.size()} {
  for (std::vector<CpuId>& cpus : members(map.core)) {
    for (const CpuId cpu : cpus) {
      cpus_[index(cpu)].core = static_cast<std::uint32_t>(cores_.size());
      cpus_[index(cpu)].siblings = cpus.size() > 1;
    }
    any_siblings_ = any_siblings_ || cpus.size() > 1;
    cores_.push_back({.cpus = std::move(cpus)});
  }
  for (const std::vector<CpuId>& cpus : members(map.llc)) {
    const auto first = static_cast<std::uint32_t>(words_.size());
    words_.resize(first + (cpus.size() + kWord - 1) / kWord);
    for (std::uint32_t place = 0; place < cpus.size(); ++place) {
      Cpu& cpu = cpus_[index(cpus[place])];
      cpu.bit = std::uint64_t{1} << place % kWord;
      cpu.word = first + place / kWord;
      cpu.first_word = first;
      cpu.end_word = static_cast<std::uint32_t>(words_.size());
      cpu.sharing = static_cast<int>(cpus.size());
      Words& words = words_[cpu.word];
      words.idle |= cpu.bit;
      words.idle_cores |= cpu.bit;
      words.cpus.push_back(cpus[place]);
      ++count_;
    }
  }
}

// So many more CPUs of the core are idle.
void IdleCpus::count_core(std::uint32_t id, int more) {
  Core& core = cores_[id];
  const bool was = core.busy == 0;
  core.busy -= more;
  if (was == (core.busy == 0)) return;
  for (const CpuId cpu : core.cpus) {
    const Cpu& own = cpus_[index(cpu)];
    words_[own.word].idle_cores ^= own.bit;
  }
}

}  // namespace models::scheduler
