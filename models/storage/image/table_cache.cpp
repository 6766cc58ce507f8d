#include "models/storage/image/table_cache.hpp"

#include "sim/error.hpp"

namespace models::storage::image {

TableCache::TableCache(std::int64_t table_bytes, std::int64_t tables)
    : table_bytes_{table_bytes}, tables_{tables} {}

int TableCache::find(std::int64_t offset) {
  const auto known = slot_of_.find(offset);
  if (known == slot_of_.end()) return -1;
  touch(known->second);
  return known->second;
}

int TableCache::victim() {
  if (!empty_.empty()) return empty_.back();
  if (static_cast<std::int64_t>(slots_.size()) < tables_) {
    slots_.emplace_back();
    empty_.push_back(static_cast<int>(slots_.size()) - 1);
    return empty_.back();
  }
  return oldest_;
}

void TableCache::fill(int slot, std::int64_t offset) {
  Slot& own = slots_[at(slot)];
  if (own.offset >= 0) {
    slot_of_.erase(own.offset);
  } else {
    empty_.pop_back();
    own.newer = own.older = -1;
    if (newest_ < 0) {
      newest_ = oldest_ = slot;
    } else {
      own.newer = -1;
      own.older = newest_;
      slots_[at(newest_)].newer = slot;
      newest_ = slot;
    }
  }
  own.offset = offset;
  slot_of_[offset] = slot;
  touch(slot);
}

void TableCache::unlink(int slot) {
  Slot& own = slots_[at(slot)];
  (own.newer >= 0 ? slots_[at(own.newer)].older : newest_) = own.older;
  (own.older >= 0 ? slots_[at(own.older)].newer : oldest_) = own.newer;
}

void TableCache::touch(int slot) {
  Slot& own = slots_[at(slot)];
  own.used = ++clock_;
  if (newest_ == slot) return;
  unlink(slot);
  own.newer = -1;
  own.older = newest_;
  if (newest_ >= 0) slots_[at(newest_)].newer = slot;
  newest_ = slot;
  if (oldest_ < 0) oldest_ = slot;
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
  int slot = oldest_;
  while (slot >= 0 && slots_[at(slot)].used <= mark_) {
    const int next = slots_[at(slot)].newer;
    if (!slots_[at(slot)].dirty) {
      unlink(slot);
      slot_of_.erase(slots_[at(slot)].offset);
      slots_[at(slot)].offset = -1;
      empty_.push_back(slot);
    }
    slot = next;
  }
  mark_ = clock_;
}

}  // namespace models::storage::image
