#include "models/storage/image/cluster_map.hpp"

namespace models::storage::image {

ClusterMap::ClusterMap(const Geometry& geometry, bool shared)
    : geometry_{geometry}, generation_{shared ? 1 : 0} {}

ClusterMap::Stored ClusterMap::original(std::int64_t guest) const {
  if (guest >= geometry_.prefix) return {};
  return {geometry_.prefix_host(guest), 0, geometry_.touched(0, geometry_.cluster), 0};
}

ClusterMap::Entry ClusterMap::cluster(std::int64_t guest) const {
  const auto chunk = chunks_.find(guest / kChunk);
  if (chunk == chunks_.end()) return entry(original(guest));
  return entry((*chunk->second)[static_cast<std::size_t>(guest % kChunk)]);
}

ClusterMap::Stored& ClusterMap::remembered(std::int64_t guest) {
  std::unique_ptr<Chunk>& chunk = chunks_[guest / kChunk];
  if (!chunk) {
    chunk = std::make_unique<Chunk>();
    const std::int64_t first = guest / kChunk * kChunk;
    for (std::int64_t i = 0; i < kChunk; ++i) {
      (*chunk)[static_cast<std::size_t>(i)] = original(first + i);
    }
  }
  return (*chunk)[static_cast<std::size_t>(guest % kChunk)];
}

void ClusterMap::map(std::int64_t guest, std::int64_t host, std::uint32_t filled) {
  Stored& stored = remembered(guest);
  stored = {host, generation_, stored.data | filled, stored.zeroes & ~filled};
}

void ClusterMap::zero(std::int64_t guest, std::uint32_t zeroed) {
  Stored& stored = remembered(guest);
  stored.data &= ~zeroed;
  stored.zeroes |= zeroed;
}

ClusterMap::Entry ClusterMap::table(std::int64_t l1_index) const {
  const auto known = tables_.find(l1_index);
  if (known != tables_.end()) return entry(known->second);
  if (l1_index >= geometry_.prefix_tables) return {};
  return entry({geometry_.prefix_table_host(l1_index)});
}

void ClusterMap::map_table(std::int64_t l1_index, std::int64_t host) {
  tables_[l1_index] = {host, generation_};
}

}  // namespace models::storage::image
