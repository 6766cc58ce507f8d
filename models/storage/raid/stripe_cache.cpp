#include "models/storage/raid/stripe_cache.hpp"

#include <fmt/format.h>

#include <bit>

#include "sim/error.hpp"

namespace models::storage::raid {
namespace {

std::size_t sized(int rows) {
  constexpr int kLeast = 16;  // raid5_set_cache_size refuses less than 17
  if (rows <= kLeast) {
    throw sim::ConfigError{
        fmt::format("stripe_cache of {} rows, needs more than {}", rows, kLeast)};
  }
  return static_cast<std::size_t>(rows);
}

}  // namespace

StripeCache::StripeCache(int rows)
    : rows_(sized(rows)), buckets_(std::bit_ceil(2 * rows_.size()), nullptr) {
  in_use_ = rows;
  for (Row& row : rows_) release(row);
}

Row*& StripeCache::bucket(std::int64_t number) {
  return buckets_[static_cast<std::size_t>(number) & (buckets_.size() - 1)];
}

Row* StripeCache::find(std::int64_t number) const {
  Row* row = buckets_[static_cast<std::size_t>(number) & (buckets_.size() - 1)];
  while (row != nullptr && row->number != number) row = row->chain;
  return row;
}

void StripeCache::unlink_idle(Row& row) {
  (row.older != nullptr ? row.older->newer : oldest_) = row.newer;
  (row.newer != nullptr ? row.newer->older : newest_) = row.older;
  row.older = row.newer = nullptr;
  row.state = Row::State::claimed;
  ++in_use_;
}

Row* StripeCache::claim(std::int64_t number) {
  if (Row* row = find(number)) {
    if (row->state == Row::State::idle) unlink_idle(*row);
    return row;
  }
  if (oldest_ == nullptr) blocked_ = true;
  if (blocked_) return nullptr;
  Row* row = oldest_;
  unlink_idle(*row);
  if (row->number >= 0) {
    Row** link = &bucket(row->number);
    while (*link != row) link = &(*link)->chain;
    *link = row->chain;
  }
  row->number = number;
  row->cached = 0;
  row->chain = bucket(number);
  bucket(number) = row;
  return row;
}

bool StripeCache::release(Row& row) {
  row.state = Row::State::idle;
  row.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &row;
  newest_ = &row;
  --in_use_;
  if (!blocked_ || 4 * in_use_ >= 3 * size()) return false;
  blocked_ = false;
  return true;
}

}  // namespace models::storage::raid
