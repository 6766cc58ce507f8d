#include "models/storage/image/table_cache.hpp"

#include "sim/error.hpp"

namespace models::storage::image {

TableCache::TableCache(std::int64_t table_bytes, std::int64_t tables)
    : table_bytes_{table_bytes}, tables_{tables} {}

int TableCache::find(std::int64_t offset) {
  const auto known = slot_of_.find(offset);
  if (known == slot_of_.end()) return -1;
  slots_[at(known->second)].used = ++clock_;
  return known->second;
}

int TableCache::victim() {
  if (!empty_.empty()) return empty_.back();
  if (static_cast<std::int64_t>(slots_.size()) < tables_) {
    slots_.emplace_back();
    empty_.push_back(static_cast<int>(slots_.size()) - 1);
    return empty_.back();
  }
  while (by_use_.top().used != slots_[at(by_use_.top().slot)].used) {
    const int slot = by_use_.top().slot;  // used since
    by_use_.pop();
    by_use_.push({slots_[at(slot)].used, slot});
  }
  return by_use_.top().slot;
}

void TableCache::fill(int slot, std::int64_t offset) {
  Slot& own = slots_[at(slot)];
  if (own.offset >= 0) {
    slot_of_.erase(own.offset);
  } else {
    empty_.pop_back();
  }
  own.offset = offset;
  own.used = ++clock_;
  slot_of_[offset] = slot;
  if (!own.queued) by_use_.push({own.used, slot});
  own.queued = true;
}

void TableCache::mark_dirty(int slot) {
  if (!slots_[at(slot)].dirty) ++dirty_;
  slots_[at(slot)].dirty = true;
}

void TableCache::mark_clean(int slot) {
  if (slots_[at(slot)].dirty) --dirty_;
  slots_[at(slot)].dirty = false;
}

std::vector<int> TableCache::dirty_slots() const {
  std::vector<int> found;
  if (dirty_ == 0) return found;
  for (int slot = 0; slot < static_cast<int>(slots_.size()); ++slot) {
    if (slots_[at(slot)].dirty) found.push_back(slot);
  }
  return found;
}

void TableCache::drop_idle() {
  for (int slot = 0; slot < static_cast<int>(slots_.size()); ++slot) {
    Slot& own = slots_[at(slot)];
    if (own.offset < 0 || own.dirty || own.used > mark_) continue;
    slot_of_.erase(own.offset);
    own.offset = -1;
    empty_.push_back(slot);
  }
  mark_ = clock_;
}

}  // namespace models::storage::image
