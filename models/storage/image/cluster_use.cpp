#include "models/storage/image/cluster_use.hpp"

#include <algorithm>
#include <iterator>

namespace models::storage::image {

ClusterUse::ClusterUse(const Geometry& geometry)
    : table_entries{geometry.refcount_table * geometry.cluster / 8}, geometry_{geometry} {
  used_[0] = geometry.prefix_end;
}

std::int64_t ClusterUse::find_free(std::int64_t from, std::int64_t count) const {
  auto range = used_.upper_bound(from);
  if (range != used_.begin()) from = std::max(from, std::prev(range)->second);
  for (; range != used_.end() && range->first - from < count; ++range) {
    from = std::max(from, range->second);
  }
  return from;
}

std::int64_t ClusterUse::free_at(std::int64_t first, std::int64_t count) const {
  const auto range = used_.upper_bound(first);
  if (range != used_.begin() && std::prev(range)->second > first) return 0;
  return range == used_.end() ? count : std::min(count, range->first - first);
}

void ClusterUse::take(std::int64_t first, std::int64_t count) {
  std::int64_t end = first + count;
  auto range = used_.lower_bound(first);
  if (range != used_.begin() && std::prev(range)->second >= first) {
    --range;
    first = range->first;
    end = std::max(end, range->second);
    range = used_.erase(range);
  }
  while (range != used_.end() && range->first <= end) {
    end = std::max(end, range->second);
    range = used_.erase(range);
  }
  used_[first] = end;
}

void ClusterUse::release(std::int64_t first, std::int64_t count) {
  auto range = std::prev(used_.upper_bound(first));
  const auto [begin, end] = *range;
  used_.erase(range);
  if (begin < first) used_[begin] = first;
  if (first + count < end) used_[first + count] = end;
}

std::int64_t ClusterUse::end() const {
  return used_.empty() ? 0 : used_.rbegin()->second;
}

std::int64_t ClusterUse::block(std::int64_t index) const {
  const auto known = blocks_.find(index);
  if (known != blocks_.end()) return known->second;
  return index < geometry_.prefix_blocks ? geometry_.prefix_block_host(index) : -1;
}

}  // namespace models::storage::image
