#include "models/storage/image/metadata.hpp"

#include <algorithm>

namespace models::storage::image {

Metadata::Metadata(FileNode& file, const Geometry& geometry, const Description& description)
    : file_{file},
      geometry_{geometry},
      description_{description},
      map_{geometry_, description.snapshots > 0},
      use_{geometry_},
      l2_{geometry.slice, geometry.l2_slices},
      refcounts_{geometry.cluster, geometry.refcount_blocks},
      snapshots_{description.snapshots},
      next_cleaning_{file.engine().now() + description.cache_clean_interval} {}

// --- the caches ---

sim::Task<int> Metadata::get(TableCache& cache, std::int64_t offset, bool read) {
  int slot = cache.find(offset);
  if (slot >= 0) co_return slot;
  slot = cache.victim();
  co_await write_table(cache, slot);
  if (read) co_await file_.read(offset, cache.table_bytes());
  cache.fill(slot, offset);
  co_return slot;
}

sim::Task<> Metadata::write_table(TableCache& cache, int slot) {
  if (!cache.dirty(slot)) co_return;
  if (cache.depends_on != nullptr) {
    co_await flush_dependency(cache);
  } else if (cache.depends_on_flush) {
    co_await file_.flush();
    cache.depends_on_flush = false;
  }
  co_await file_.write(cache.offset(slot), cache.table_bytes());
  cache.mark_clean(slot);
}

sim::Task<> Metadata::write_tables(TableCache& cache) {
  if (!cache.any_dirty()) co_return;
  for (const int slot : cache.dirty_slots()) co_await write_table(cache, slot);
}

sim::Task<> Metadata::flush(TableCache& cache) {
  co_await write_tables(cache);
  co_await file_.flush();
}

sim::Task<> Metadata::flush_dependency(TableCache& cache) {
  co_await flush(*cache.depends_on);
  cache.depends_on = nullptr;
  cache.depends_on_flush = false;
}

sim::Task<> Metadata::depend(TableCache& cache, TableCache& on) {
  if (on.depends_on != nullptr) co_await flush_dependency(on);
  if (cache.depends_on != nullptr && cache.depends_on != &on) co_await flush_dependency(cache);
  cache.depends_on = &on;
}

// Intervals without a look-up need no event of their own: after two of them nothing clean is left.
void Metadata::clean_idle() {
  const sim::Duration interval = description_.cache_clean_interval;
  if (interval <= sim::Duration::zero() || description_.release < Release{3, 1}) return;
  for (int missed = 0; missed < 2 && engine().now() >= next_cleaning_; ++missed) {
    l2_.drop_idle();
    refcounts_.drop_idle();
    next_cleaning_ += interval;
  }
  if (engine().now() >= next_cleaning_) {
    next_cleaning_ += (engine().now() - next_cleaning_) / interval * interval + interval;
  }
}

// --- L2 tables ---

std::int64_t Metadata::slice_offset(std::int64_t guest) const {
  const std::int64_t table = map_.table(guest / geometry_.table_entries).host;
  if (table < 0) return -1;
  const std::int64_t slice = guest % geometry_.table_entries / geometry_.slice_entries;
  return table * geometry_.cluster + slice * geometry_.slice;
}

bool Metadata::in_memory(std::int64_t guest) {
  clean_idle();
  const std::int64_t offset = slice_offset(guest);
  return offset < 0 || l2_.find(offset) >= 0;
}

sim::Task<> Metadata::load(std::int64_t guest) {
  const std::int64_t offset = slice_offset(guest);
  if (offset >= 0) co_await get(l2_, offset, true);
}

sim::Task<> Metadata::load_own(std::int64_t guest) {
  const std::int64_t l1_index = guest / geometry_.table_entries;
  const ClusterMap::Entry table = map_.table(l1_index);
  if (!table.own) {
    co_await new_table(l1_index);
    if (table.host >= 0) co_await update(table.host, 1, Change::give_up);
  }
  co_await get(l2_, slice_offset(guest), true);
}

sim::Task<> Metadata::new_table(std::int64_t l1_index) {
  const std::int64_t old = map_.table(l1_index).host;
  const std::int64_t host = co_await allocate(1);
  co_await flush(refcounts_);
  for (std::int64_t at = 0; at < geometry_.cluster; at += geometry_.slice) {
    co_await get(l2_, host * geometry_.cluster + at, false);
    if (old >= 0) co_await get(l2_, old * geometry_.cluster + at, true);
    // What has been dirty of the old table stays in its slice: both are the file's content.
    const int slot = co_await get(l2_, host * geometry_.cluster + at, false);
    l2_.mark_dirty(slot);
  }
  co_await flush(l2_);
  map_.map_table(l1_index, host);
  co_await file_.write_sync(Geometry::kL1 * geometry_.cluster + l1_index * 8, 8);
}

sim::Task<> Metadata::mark_header_dirty() {
  if (header_dirty_) co_return;
  header_dirty_ = true;
  co_await file_.write_sync(72, 8);  // incompatible_features in the header
}

sim::Task<> Metadata::link(std::int64_t guest, std::int64_t host, std::int64_t count,
                           std::int64_t begin, std::int64_t end) {
  if (description_.lazy_refcounts) co_await mark_header_dirty();
  if (!header_dirty_) co_await depend(l2_, refcounts_);
  co_await load_own(guest);
  l2_.mark_dirty(l2_.find(slice_offset(guest)));
  for (std::int64_t i = 0; i < count; ++i) {
    const ClusterMap::Entry old = map_.cluster(guest + i);
    const std::int64_t before = i * geometry_.cluster;
    map_.map(guest + i, host + i,
             geometry_.touched(std::max<std::int64_t>(begin - before, 0),
                               std::min(end - before, geometry_.cluster)));
    // Shared, or else it would have been written in place: the snapshot keeps it.
    if (old.host >= 0 && old.host != host + i) co_await update(old.host, 1, Change::give_up);
  }
}

sim::Task<> Metadata::mark_zero(std::int64_t subcluster, std::int64_t count) {
  const std::int64_t first = subcluster / geometry_.subclusters;
  co_await load_own(first);
  bool changed = false;
  for (const std::int64_t end = subcluster + count; subcluster < end;) {
    const std::int64_t guest = subcluster / geometry_.subclusters;
    const std::int64_t from = subcluster % geometry_.subclusters;
    const std::int64_t to = std::min(from + end - subcluster, geometry_.subclusters);
    const std::uint32_t zeroed =
        geometry_.touched(from * geometry_.subcluster, to * geometry_.subcluster);
    subcluster += to - from;
    if ((map_.cluster(guest).zeroes & zeroed) == zeroed) continue;
    map_.zero(guest, zeroed);
    changed = true;
  }
  if (changed) l2_.mark_dirty(l2_.find(slice_offset(first)));
}

// --- all of it ---

sim::Task<> Metadata::write_back() {
  co_await write_tables(l2_);
  if (!header_dirty_) co_await write_tables(refcounts_);
}

sim::Task<> Metadata::close() {
  co_await flush(l2_);
  co_await flush(refcounts_);
  if (header_dirty_) {
    header_dirty_ = false;
    co_await file_.write(0, geometry_.cluster);
  }
}

}  // namespace models::storage::image
