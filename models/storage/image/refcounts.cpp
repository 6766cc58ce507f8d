// Refcounts: allocation of clusters and of the blocks and tables that count them.
#include <algorithm>

#include "models/storage/image/metadata.hpp"

namespace models::storage::image {
namespace {

constexpr std::int64_t kTableEntry = 8;  // of the refcount table, bytes

std::int64_t divide_up(std::int64_t amount, std::int64_t by) {
  return (amount + by - 1) / by;
}

}  // namespace

// Looks at the refcount of every cluster on the way (alloc_clusters_noref): each block is loaded.
sim::Task<std::int64_t> Metadata::find_free(std::int64_t count) {
  const std::int64_t from = use_.next;
  const std::int64_t first = use_.find_free(from, count);
  const std::int64_t last = use_.block_of(first + count - 1);
  for (std::int64_t block = use_.block_of(from); block <= last; ++block) {
    const std::int64_t host = use_.block(block);
    if (host >= 0) co_await get(refcounts_, host * geometry_.cluster, true);
  }
  use_.next = first + count;
  co_return first;
}

sim::Task<std::int64_t> Metadata::allocate(std::int64_t count) {
  for (;;) {
    const std::int64_t first = co_await find_free(count);
    if (co_await update(first, count, Change::take)) co_return first;
  }
}

sim::Task<std::int64_t> Metadata::allocate_at(std::int64_t first, std::int64_t count) {
  for (;;) {
    const std::int64_t free = use_.free_at(first, count);
    const std::int64_t last = use_.block_of(first + std::min(free, count - 1));
    for (std::int64_t block = use_.block_of(first); block <= last; ++block) {
      const std::int64_t host = use_.block(block);
      if (host >= 0) co_await get(refcounts_, host * geometry_.cluster, true);
    }
    if (free == 0 || co_await update(first, free, Change::take)) co_return free;
  }
}

// False when a refcount block had to be made first: it may be where the clusters were to be, so the
// caller looks for others.
sim::Task<bool> Metadata::update(std::int64_t first, std::int64_t count, Change change) {
  if (change != Change::take) co_await depend(refcounts_, l2_);
  const std::int64_t end = first + count;
  for (std::int64_t cluster = first; cluster < end;) {
    const std::int64_t block = use_.block_of(cluster);
    const std::int64_t host = use_.block(block);
    if (host < 0) {
      co_await new_block(cluster);
      if (cluster > first) co_await update(first, cluster - first, Change::release);
      co_return false;
    }
    const int slot = co_await get(refcounts_, host * geometry_.cluster, true);
    refcounts_.mark_dirty(slot);
    const std::int64_t next = std::min(end, (block + 1) * geometry_.block_clusters);
    if (change == Change::take) use_.take(cluster, next - cluster);
    if (change == Change::release) {
      use_.release(cluster, next - cluster);
      use_.next = std::min(use_.next, cluster);
    }
    cluster = next;
  }
  co_return true;
}

// qcow2_detect_metadata_preallocation.
sim::Task<> Metadata::count_clusters() {
  const std::int64_t blocks = divide_up(use_.end(), geometry_.block_clusters);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t host = use_.block(block);
    if (host >= 0) co_await get(refcounts_, host * geometry_.cluster, true);
  }
}

// alloc_refcount_block: for a range of the file that none describes yet.
sim::Task<> Metadata::new_block(std::int64_t cluster) {
  const std::int64_t index = use_.block_of(cluster);
  co_await flush(l2_);
  const std::int64_t host = co_await find_free(1);
  if (use_.block_of(host) == index) {
    use_.take(host, 1);  // describes itself
  } else {
    if (!co_await update(host, 1, Change::take)) co_return;
    co_await flush(refcounts_);
  }
  const int slot = co_await get(refcounts_, host * geometry_.cluster, false);
  refcounts_.mark_dirty(slot);
  co_await flush(refcounts_);
  if (index < use_.table_entries) {
    const std::int64_t table = use_.table_host * geometry_.cluster;
    co_await file_.write_sync(table + index * kTableEntry, kTableEntry);
    use_.map_block(index, host);
    co_return;
  }
  co_await grow_table(index, host);
}

// qcow2_refcount_area: a larger table, behind blocks that describe both, then the header's switch.
sim::Task<> Metadata::grow_table(std::int64_t index, std::int64_t block_host) {
  const std::int64_t per_block = geometry_.block_clusters;
  const std::int64_t per_table_cluster = geometry_.cluster / kTableEntry;
  const std::int64_t in_use = divide_up(std::max((index * per_block) + 1, block_host), per_block);
  const std::int64_t area = in_use * per_block;  // cluster of the file where it begins

  // qcow2_refcount_metadata_size, with half a table to spare.
  std::int64_t clusters = area;
  std::int64_t table = 0;
  std::int64_t blocks = 0;
  bool to_spare = true;
  for (std::int64_t before = -1, now = 0; now != before;) {
    before = now;
    blocks = divide_up(clusters + table + blocks, per_block);
    table = divide_up(blocks, per_table_cluster);
    now = clusters + blocks + table;
    if (now == before && to_spare) {
      clusters += divide_up(table, 2);
      now = 0;
      to_spare = false;
    }
  }

  const std::int64_t old_host = use_.table_host;
  const std::int64_t old_clusters = use_.table_entries / per_table_cluster;
  use_.map_block(index, block_host);
  std::int64_t host = area;
  for (std::int64_t block = in_use; block < blocks; ++block) {
    const bool known = use_.block(block) >= 0;
    if (!known) use_.map_block(block, host++);
    const int slot = co_await get(refcounts_, use_.block(block) * geometry_.cluster, known);
    refcounts_.mark_dirty(slot);
  }
  use_.take(area, host + table - area);
  co_await flush(refcounts_);
  co_await file_.write_sync(host * geometry_.cluster, table * geometry_.cluster);
  co_await file_.write_sync(48, 12);  // refcount_table_offset and _clusters in the header
  use_.table_host = host;
  use_.table_entries = table * per_table_cluster;
  co_await update(old_host, old_clusters, Change::release);
  co_await get(refcounts_, block_host * geometry_.cluster, true);
}

// qcow2_snapshot_create: a copy of L1, every cluster's refcount raised, nothing its own any more.
sim::Task<> Metadata::snapshot() {
  const std::int64_t l1_host = co_await allocate(geometry_.l1_clusters);
  co_await file_.write(l1_host * geometry_.cluster, geometry_.tables * 8);
  for (std::int64_t l1_index = 0; l1_index < geometry_.tables; ++l1_index) {
    const std::int64_t table = map_.table(l1_index).host;
    if (table < 0) continue;
    const std::int64_t first = l1_index * geometry_.table_entries;
    for (std::int64_t at = 0; at < geometry_.table_entries; at += geometry_.slice_entries) {
      co_await load(first + at);
      bool changed = false;
      std::int64_t last_block = -1;
      for (std::int64_t i = at; i < at + geometry_.slice_entries; ++i) {
        const ClusterMap::Entry entry = map_.cluster(first + i);
        if (entry.host < 0) continue;
        changed = changed || entry.own;
        const std::int64_t block = use_.block_of(entry.host);
        if (block == last_block) continue;
        last_block = block;
        refcounts_.mark_dirty(
            co_await get(refcounts_, use_.block(block) * geometry_.cluster, true));
      }
      if (!changed) continue;
      co_await depend(l2_, refcounts_);
      co_await load(first + at);
      l2_.mark_dirty(l2_.find(slice_offset(first + at)));
    }
    const std::int64_t block = use_.block(use_.block_of(table));
    refcounts_.mark_dirty(co_await get(refcounts_, block * geometry_.cluster, true));
  }
  co_await write_back();
  co_await file_.flush();
  map_.share();
  co_await file_.write_sync(Geometry::kL1 * geometry_.cluster, geometry_.tables * 8);

  // The list of snapshots is written anew, then the header points to it (qcow2_write_snapshots).
  constexpr std::int64_t kSnapshotEntry = 96;  // header, extra data, id, a short name (recall)
  const std::int64_t list = co_await allocate(1);
  co_await write_back();
  co_await file_.flush();
  co_await file_.write_sync(list * geometry_.cluster, ++snapshots_ * kSnapshotEntry);
  co_await file_.write_sync(60, 12);  // nb_snapshots, snapshots_offset
}

}  // namespace models::storage::image
