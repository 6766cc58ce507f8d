// Sizes of a qcow2 image that follow from its description, and where qemu-img has put what it
// allocated beforehand.
//
// Models  header, refcount table, first refcount block and L1 table at the beginning of the file;
//         then, as far as the image was written before, each L2 table in front of its clusters, a
//         refcount block before every range of clusters that it describes.
// Omits   other orders of data and tables (falloc and full put the tables last).
// Source  semantics.md 6.2 (block/qcow2.c qcow2_co_create, preallocate_co, read_cache_sizes).
// Checked tests/models/storage/image/qcow2_test.cpp.
#pragma once

#include <cstdint>

#include "models/storage/image/description.hpp"

namespace models::storage::image {

struct Geometry {
  // Throws if the description is impossible.
  explicit Geometry(const Description& description);

  std::int64_t size;            // of the disk, bytes
  std::int64_t cluster;         // bytes
  std::int64_t entry;           // of an L2 table, bytes: 8, extended 16
  std::int64_t subclusters;     // of a cluster, each in the file or not: 1, extended 32
  std::int64_t subcluster;      // bytes
  std::int64_t table_entries;   // of an L2 table, which fills a cluster
  std::int64_t block_clusters;  // that a refcount block describes
  std::int64_t tables;          // L2 tables of the whole disk, entries of L1
  std::int64_t l1_clusters;
  std::int64_t slice;  // of an L2 table: what is read and cached at once, bytes
  std::int64_t slice_entries;
  std::int64_t l2_slices;        // that the L2 cache holds
  std::int64_t refcount_blocks;  // that the refcount cache holds

  // Written beforehand.
  std::int64_t prefix;          // guest clusters
  std::int64_t prefix_tables;   // L2 tables
  std::int64_t prefix_blocks;   // refcount blocks
  std::int64_t prefix_end;      // clusters of the file
  std::int64_t refcount_table;  // clusters

  // A bit for each subcluster of a cluster that has bytes in [begin, end) of it.
  std::uint32_t touched(std::int64_t begin, std::int64_t end) const;

  static constexpr std::int64_t kRefcountTable = 1;  // cluster of the file
  static constexpr std::int64_t kFirstBlock = 2;     // refcount block 0
  static constexpr std::int64_t kL1 = 3;
  // Cluster of the file that holds a guest cluster, an L2 table, a refcount block of the prefix.
  std::int64_t prefix_host(std::int64_t guest) const;
  std::int64_t prefix_table_host(std::int64_t l1_index) const;
  std::int64_t prefix_block_host(std::int64_t block) const;

 private:
  std::int64_t place(std::int64_t in_order) const;
};

}  // namespace models::storage::image
