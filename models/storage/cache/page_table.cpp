#include "models/storage/cache/page_table.hpp"

#include <algorithm>
#include <bit>

namespace models::storage::cache {
namespace {

std::uint64_t mask(std::int64_t first, std::int64_t count) {
  const std::uint64_t ones = count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  return ones << first;
}

}  // namespace

template <class Action>
void PageTable::each(std::int64_t first, std::int64_t count, Action&& action) {
  const std::int64_t end = first + count;
  for (std::int64_t page = first; page < end;) {
    const std::int64_t inside = page % kGroup;
    const std::int64_t here = std::min(kGroup - inside, end - page);
    action(page / kGroup, mask(inside, here));
    page += here;
  }
}

bool PageTable::present(std::int64_t page) const {
  const auto known = groups_.find(page / kGroup);
  return known != groups_.end() && (known->second.present >> (page % kGroup) & 1) != 0;
}

PageTable::Run PageTable::absent(std::int64_t first, std::int64_t count) const {
  const std::int64_t end = first + count;
  while (first < end && present(first)) ++first;
  std::int64_t last = first;
  while (last < end && !present(last)) ++last;
  return {first, last - first};
}

PageTable::Group& PageTable::group(std::int64_t index) {
  const auto [at, added] = groups_.try_emplace(index);
  if (added) {
    at->second.older = newest_;
    if (newest_ >= 0) groups_.find(newest_)->second.newer = index;
    newest_ = index;
    if (oldest_ < 0) oldest_ = index;
  }
  return at->second;
}

void PageTable::unlink(const Group& own) {
  (own.newer >= 0 ? groups_.find(own.newer)->second.older : newest_) = own.older;
  (own.older >= 0 ? groups_.find(own.older)->second.newer : oldest_) = own.newer;
}

void PageTable::touch(std::int64_t index) {
  if (newest_ == index) return;
  const auto at = groups_.find(index);
  if (at == groups_.end()) return;
  Group& own = at->second;
  unlink(own);
  own.newer = -1;
  own.older = newest_;
  groups_.find(newest_)->second.newer = index;
  newest_ = index;
}

void PageTable::use(std::int64_t first, std::int64_t count) {
  each(first, count, [&](std::int64_t index, std::uint64_t) { touch(index); });
}

void PageTable::insert(std::int64_t first, std::int64_t count) {
  each(first, count, [&](std::int64_t index, std::uint64_t pages) {
    Group& own = group(index);
    touch(index);
    pages_ += std::popcount(pages & ~own.present);
    own.present |= pages;
  });
}

void PageTable::make_dirty(std::int64_t first, std::int64_t count, sim::Instant now) {
  insert(first, count);
  each(first, count, [&](std::int64_t index, std::uint64_t pages) {
    Group& own = group(index);
    if (own.dirty == 0) {
      own.dirty_since = now;
      dirty_groups_.emplace(index, &own);
    }
    dirty_ += std::popcount(pages & ~own.dirty);
    own.dirty |= pages;
  });
}

PageTable::Run PageTable::take_dirty(std::int64_t from, std::int64_t most, sim::Instant before) {
  Run run;
  auto at = dirty_groups_.lower_bound(from / kGroup);
  while (at != dirty_groups_.end() && run.count < most) {
    Group& own = *at->second;
    const std::int64_t begin = at->first * kGroup;
    std::uint64_t ahead = own.dirty;
    if (begin < from) ahead &= ~mask(0, from - begin);
    if (ahead == 0 || own.dirty_since > before) {
      if (run.count > 0) break;
      ++at;
      continue;
    }
    const std::int64_t first = std::countr_zero(ahead);
    if (run.count > 0 && begin + first != run.first + run.count) break;
    const std::int64_t length =
        std::min<std::int64_t>(std::countr_one(ahead >> first), most - run.count);
    if (run.count == 0) run.first = begin + first;
    run.count += length;
    own.dirty &= ~mask(first, length);
    at = own.dirty == 0 ? dirty_groups_.erase(at) : std::next(at);
    if (first + length < kGroup) break;
  }
  dirty_ -= run.count;
  return run;
}

bool PageTable::shrink() {
  drop_clean(most_);
  return pages_ <= most_;
}

void PageTable::drop_clean(std::int64_t enough) {
  for (std::int64_t index = oldest_; pages_ > enough && index >= 0;) {
    Group& own = groups_.find(index)->second;
    const std::int64_t next = own.newer;
    pages_ -= std::popcount(own.present & ~own.dirty);
    own.present &= own.dirty;
    if (own.present == 0) {
      unlink(own);
      groups_.erase(index);
    }
    index = next;
  }
}

}  // namespace models::storage::cache
