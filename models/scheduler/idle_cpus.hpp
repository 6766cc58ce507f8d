// Which CPUs have nothing to run, in sets that a waking thread searches for one near its own.
//
// A set is a row of bits for each last-level cache, a bit a CPU in their order; a second one has
// the CPUs whose whole core is idle, a row's first bit from some CPU on being a matter of one word.
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

  void set(CpuId cpu, bool idle);
  int count() const { return count_; }
  int sharing_cache(CpuId cpu) const {  // CPUs of its cache, itself included
    return static_cast<int>(caches_[cpus_[index(cpu)].cache].cpus.size());
  }
  // Of the CPUs that share a cache with `target`, from the one behind it on and round: the first
  // on an idle core, or else the first that is idle; kNoCpu: none. Of the allowed ones only.
  template <class Allowed>
  CpuId near(CpuId target, const Allowed& allowed) const {
    const Cache& cache = caches_[cpus_[index(target)].cache];
    if (cache.idle_count == 0) return kNoCpu;
    const std::size_t from = cpus_[index(target)].position + std::size_t{1};
    const CpuId cpu = first(cache, cache.idle_cores, from, allowed);
    return cpu != kNoCpu ? cpu : first(cache, cache.idle, from, allowed);
  }

 private:
  using Bits = std::vector<std::uint64_t>;
  static constexpr std::size_t kWord = 64;
  struct Cache {
    std::vector<CpuId> cpus;  // ascending, [position]
    Bits idle, idle_cores;
    int idle_count = 0;
  };
  struct Cpu {
    std::uint32_t cache = 0, position = 0, core = 0;
  };
  struct Core {
    std::vector<CpuId> cpus;
    int busy = 0;
  };
  static std::size_t index(CpuId cpu) { return static_cast<std::size_t>(cpu); }
  static void flip(Bits& bits, std::size_t position) {
    bits[position / kWord] ^= std::uint64_t{1} << position % kWord;
  }
  void flip_core(const Core& core);
  // The first allowed CPU of the set at `from` or behind, or else before it.
  template <class Allowed>
  static CpuId first(const Cache& cache, const Bits& bits, std::size_t from,
                     const Allowed& allowed) {
    const CpuId cpu = first_within(cache, bits, from, cache.cpus.size(), allowed);
    return cpu != kNoCpu ? cpu : first_within(cache, bits, 0, from, allowed);
  }
  template <class Allowed>
  static CpuId first_within(const Cache& cache, const Bits& bits, std::size_t from, std::size_t end,
                            const Allowed& allowed) {
    for (std::size_t word = from / kWord; word * kWord < end; ++word) {
      std::uint64_t left = bits[word];
      if (word == from / kWord) left &= ~std::uint64_t{0} << from % kWord;
      for (; left != 0; left &= left - 1) {
        const std::size_t position =
            word * kWord + static_cast<std::size_t>(std::countr_zero(left));
        if (position >= end) return kNoCpu;
        if (allowed(cache.cpus[position])) return cache.cpus[position];
      }
    }
    return kNoCpu;
  }

  std::vector<Cache> caches_;
  std::vector<Core> cores_;
  std::vector<Cpu> cpus_;
  int count_ = 0;
};

}  // namespace models::scheduler
