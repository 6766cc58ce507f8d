// A set of block numbers that costs memory only where it has members: 512 B for 4096 neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace models::storage {

class BlockSet {
 public:
  bool contains(std::int64_t block) const {
    const auto chunk = chunks_.find(block / kChunk);
    if (chunk == chunks_.end()) return false;
    return ((*chunk->second)[word(block)] >> (block % 64) & 1) != 0;
  }
  // Whether it was not there before.
  bool insert(std::int64_t block) {
    std::unique_ptr<Chunk>& chunk = chunks_[block / kChunk];
    if (!chunk) chunk = std::make_unique<Chunk>();
    std::uint64_t& bits = (*chunk)[word(block)];
    const std::uint64_t bit = std::uint64_t{1} << (block % 64);
    const bool added = (bits & bit) == 0;
    bits |= bit;
    return added;
  }

 private:
  static constexpr std::int64_t kChunk = 4096;
  using Chunk = std::array<std::uint64_t, kChunk / 64>;
  static std::size_t word(std::int64_t block) {
    return static_cast<std::size_t>(block % kChunk / 64);
  }
  std::unordered_map<std::int64_t, std::unique_ptr<Chunk>> chunks_;
};

}  // namespace models::storage
