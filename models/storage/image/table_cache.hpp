// A cache of metadata tables of a qcow2 image (L2 slices or refcount blocks): which are in memory
// and which of them are newer than the file.
//
// Models  least recently used replacement, dirty tables, order of write-back between two caches,
//         tables unused for a cleaning interval given back (cache-clean-interval).
// Omits   what is in the tables: cluster_map.hpp and cluster_use.hpp hold that.
// Source  semantics.md 6.2 (block/qcow2-cache.c).
// Checked tests/models/storage/image/qcow2_test.cpp.
#pragma once

#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "sim/units.hpp"

namespace models::storage::image {

class TableCache {
 public:
  TableCache(std::int64_t table_bytes, std::int64_t tables);

  std::int64_t table_bytes() const { return table_bytes_; }
  std::int64_t tables() const { return tables_; }

  // The slot of the table at `offset` in the file, now the most recently used one; -1: not here.
  int find(std::int64_t offset);
  // The slot to use for another table: an empty one or the least recently used one.
  int victim();
  void fill(int slot, std::int64_t offset);
  std::int64_t offset(int slot) const { return slots_[at(slot)].offset; }

  bool dirty(int slot) const { return slots_[at(slot)].dirty; }
  void mark_dirty(int slot);
  void mark_clean(int slot);
  std::vector<int> dirty_slots() const;  // ascending
  bool any_dirty() const { return dirty_ > 0; }

  // Drops clean tables not used since the last call.
  void drop_idle();

  // Tables of the other cache must be in the file, durably, before any of this one is written.
  TableCache* depends_on = nullptr;
  // So must data that was copied.
  bool depends_on_flush = false;

 private:
  struct Slot {
    std::int64_t offset = -1;
    std::uint64_t used = 0;
    bool dirty = false;
    bool queued = false;
  };
  // A slot and when it was used, at the time that this was noted: a use notes nothing, so that it
  // touches nothing but its slot.
  struct Use {
    std::uint64_t used;
    int slot;
    bool operator<(const Use& other) const { return used > other.used; }  // least recent on top
  };
  static std::size_t at(int slot) { return static_cast<std::size_t>(slot); }

  std::int64_t table_bytes_;
  std::int64_t tables_;
  std::vector<Slot> slots_;  // grows to tables_
  std::vector<int> empty_;
  std::unordered_map<std::int64_t, int> slot_of_;
  std::priority_queue<Use> by_use_;  // each slot once
  std::uint64_t clock_ = 0;
  std::uint64_t mark_ = 0;  // clock at the last drop_idle
  std::int64_t dirty_ = 0;
};

}  // namespace models::storage::image
