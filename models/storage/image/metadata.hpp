// The metadata of an open qcow2 image, and the I/O that looking it up and changing it costs.
//
// Every task here requires the image's lock (s->lock in QEMU), held across its I/O: the metadata
// work of an image is done one after another, which is why a cold or growing image does not get
// faster with more requests at once.
//
// Models  L2 slices and refcount blocks through their caches, with the order of write-back:
// refcount
//         blocks, durably, before the L2 entries that need them, and the other way round for what
//         is given up; new L2 tables (refcounts written, table written, L1 entry, each with a
//         flush); copies of L2 tables that a snapshot shares; new refcount blocks and larger
//         refcount tables; the search for free clusters from the beginning of a freshly opened
//         image.
// Omits   errors, discards, compressed clusters, bitmaps.
// Source  semantics.md 6.2 (block/qcow2-cache.c, qcow2-refcount.c, qcow2-cluster.c).
// Checked tests/models/storage/image/qcow2_test.cpp, qcow2_counts_test.cpp; validation/data/
//         qemu-qcow2-io.toml.
#pragma once

#include "models/storage/image/cluster_map.hpp"
#include "models/storage/image/cluster_use.hpp"
#include "models/storage/image/file_node.hpp"
#include "models/storage/image/geometry.hpp"
#include "models/storage/image/table_cache.hpp"

namespace models::storage::image {

class Metadata {
 public:
  Metadata(FileNode& file, const Geometry& geometry, const Description& description);

  sim::Engine& engine() { return file_.engine(); }

  // Whether an entry can be looked up without I/O now; counts as a use of its slice.
  bool in_memory(std::int64_t guest);
  // Loads the slice with the entry of `guest` if there is a table.
  sim::Task<> load(std::int64_t guest);
  // The same for writing: the table is allocated or copied first if it is not the image's own.
  sim::Task<> load_own(std::int64_t guest);
  // Entries of `guest` and those that follow have changed: where the clusters are now; of their
  // bytes, one cluster after the other, [begin, end) are filled.
  sim::Task<> link(std::int64_t guest, std::int64_t host, std::int64_t count, std::int64_t begin,
                   std::int64_t end);
  sim::Task<> mark_zero(std::int64_t subcluster, std::int64_t count);

  // `count` clusters in a row, their refcounts raised.
  sim::Task<std::int64_t> allocate(std::int64_t count);
  // As many as are free from `first` on, at most `count`.
  sim::Task<std::int64_t> allocate_at(std::int64_t first, std::int64_t count);

  // The first question about zeroes compares all refcounts with the size of the file.
  sim::Task<> count_clusters();

  sim::Task<> write_back();  // everything dirty, in order (flush_to_os)
  sim::Task<> close();
  sim::Task<> snapshot();

  const ClusterMap& map() const { return map_; }
  const ClusterUse& use() const { return use_; }
  // Data was copied: entries may be written only after a flush.
  void depend_on_copied_data() { l2_.depends_on_flush = true; }

 private:
  // qcow2-cache.c
  sim::Task<int> get(TableCache& cache, std::int64_t offset, bool read);
  sim::Task<> write_table(TableCache& cache, int slot);
  sim::Task<> write_tables(TableCache& cache);
  sim::Task<> flush(TableCache& cache);
  sim::Task<> flush_dependency(TableCache& cache);
  sim::Task<> depend(TableCache& cache, TableCache& on);
  void clean_idle();

  // qcow2-refcount.c
  enum class Change { take, give_up, release };  // give_up: somebody else has it still
  sim::Task<std::int64_t> find_free(std::int64_t count);
  sim::Task<bool> update(std::int64_t first, std::int64_t count, Change change);
  sim::Task<> new_block(std::int64_t cluster);
  sim::Task<> grow_table(std::int64_t block, std::int64_t block_host);

  // qcow2-cluster.c
  sim::Task<> new_table(std::int64_t l1_index);
  sim::Task<> mark_header_dirty();
  std::int64_t slice_offset(std::int64_t guest) const;

  FileNode& file_;
  Geometry geometry_;
  Description description_;
  ClusterMap map_;
  ClusterUse use_;
  TableCache l2_;
  TableCache refcounts_;
  bool header_dirty_ = false;  // lazy refcounts
  int snapshots_;
  sim::Instant next_cleaning_;
};

}  // namespace models::storage::image
