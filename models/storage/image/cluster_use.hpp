// Which clusters of a qcow2 file are in use, and where the refcount blocks are that say so.
//
// Ranges in use are kept, not counts: an image that only grows is one range, however large.
// Source  semantics.md 6.2 (block/qcow2-refcount.c).
// Checked tests/models/storage/image/cluster_use_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>

#include "models/storage/image/geometry.hpp"

namespace models::storage::image {

class ClusterUse {
 public:
  explicit ClusterUse(const Geometry& geometry);

  // First of `count` free clusters in a row at or behind `from`.
  std::int64_t find_free(std::int64_t from, std::int64_t count) const;
  // How many clusters from `first` on are free, at most `count`.
  std::int64_t free_at(std::int64_t first, std::int64_t count) const;
  void take(std::int64_t first, std::int64_t count);
  void release(std::int64_t first, std::int64_t count);
  std::int64_t end() const;  // of the file, in clusters

  // Cluster of the file with a refcount block; -1: there is none.
  std::int64_t block(std::int64_t index) const;
  void map_block(std::int64_t index, std::int64_t host) { blocks_[index] = host; }
  std::int64_t block_of(std::int64_t cluster) const { return cluster / geometry_.block_clusters; }

  // The refcount table: cluster of the file, entries.
  std::int64_t table_host = Geometry::kRefcountTable;
  std::int64_t table_entries;
  // Where the search for free clusters goes on.
  std::int64_t next = 0;

 private:
  const Geometry& geometry_;
  std::map<std::int64_t, std::int64_t> used_;  // begin, end
  std::unordered_map<std::int64_t, std::int64_t> blocks_;
};

}  // namespace models::storage::image
