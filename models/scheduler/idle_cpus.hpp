// Which CPUs have nothing to run, in sets that a waking thread searches for one near its own.
//
// A set is a row of bits for each last-level cache, a bit a CPU in their order; beside it there is
// one of the CPUs whose whole core is idle. A search is a look at a word or two.
//
// Source  select_idle_sibling, select_idle_core and select_idle_cpu (kernel/sched/fair.c 4.19).
// Checked tests/models/scheduler/idle_cpus_test.cpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/scheduler/scheduler.hpp"

namespace models::scheduler {

class IdleCpus {
 public:
  explicit IdleCpus(const CpuMap& map);  // all of them

  int count() const { return count_; }
  int sharing_cache(CpuId cpu) const { return cpus_[index(cpu)].sharing; }  // itself included
  // A CPU that was busy is idle now, or the other way round.
  void flip(CpuId cpu) {
    const Cpu& own = cpus_[index(cpu)];
    Words& words = words_[own.word];
    words.idle ^= own.bit;
    const int more = (words.idle & own.bit) != 0 ? 1 : -1;
    count_ += more;
    if (own.siblings) {
      count_core(own.core, more);
    } else {
      words.idle_cores ^= own.bit;
    }
  }
  // Of the CPUs that share a cache with `target`, from the one behind it on and round: the first
  // on an idle core, or else the first that is idle; kNoCpu: none. Of the allowed ones only.
  template <class Allowed>
  CpuId near(CpuId target, const Allowed& allowed) const {
    const Cpu& from = cpus_[index(target)];
    const CpuId cpu = first<&Words::idle_cores>(from, allowed);
    return cpu != kNoCpu || !any_siblings_ ? cpu : first<&Words::idle>(from, allowed);
  }

 private:
  static constexpr std::uint32_t kWord = 64;
  struct Words {
    std::uint64_t idle = 0, idle_cores = 0;
    std::vector<CpuId> cpus;  // [bit], ascending
  };
  struct Cpu {
    std::uint64_t bit = 0;
    std::uint32_t word = 0;
    std::uint32_t first_word = 0, end_word = 0;  // of its cache
    std::uint32_t core = 0;
    int sharing = 0;
    bool siblings = false;  // its core has other CPUs
  };
  struct Core {
    std::vector<CpuId> cpus;
    int busy = 0;
  };
  static std::size_t index(CpuId cpu) { return static_cast<std::size_t>(cpu); }
  void count_core(std::uint32_t core, int more);

  // Behind `target` up to the end of the row, then from the row's start.
  template <std::uint64_t Words::*Set, class Allowed>
  CpuId first(const Cpu& target, const Allowed& allowed) const {
    const std::uint64_t behind = ~(target.bit | (target.bit - 1));
    const std::uint64_t own = words_[target.word].*Set;
    CpuId cpu = first_of(target.word, own & behind, allowed);
    if (cpu == kNoCpu && target.end_word - target.first_word > 1)
      cpu = first_elsewhere<Set>(target, allowed);
    return cpu != kNoCpu ? cpu : first_of(target.word, own & ~behind, allowed);
  }
  template <std::uint64_t Words::*Set, class Allowed>
  CpuId first_elsewhere(const Cpu& target, const Allowed& allowed) const {
    CpuId cpu = kNoCpu;
    for (std::uint32_t word = target.word + 1; word < target.end_word && cpu == kNoCpu; ++word)
      cpu = first_of(word, words_[word].*Set, allowed);
    for (std::uint32_t word = target.first_word; word < target.word && cpu == kNoCpu; ++word)
      cpu = first_of(word, words_[word].*Set, allowed);
    return cpu;
  }
  template <class Allowed>
  CpuId first_of(std::uint32_t word, std::uint64_t bits, const Allowed& allowed) const {
    for (; bits != 0; bits &= bits - 1) {
      const CpuId cpu = words_[word].cpus[static_cast<std::size_t>(std::countr_zero(bits))];
      if (allowed(cpu)) return cpu;
    }
    return kNoCpu;
  }

  std::vector<Words> words_;  // of one cache after the other
  std::vector<Core> cores_;
  std::vector<Cpu> cpus_;
  int count_ = 0;
  bool any_siblings_ = false;  // else an idle CPU is an idle core
};

}  // namespace models::scheduler
