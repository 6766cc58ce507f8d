#include "models/storage/raid/extents.hpp"

#include <algorithm>
#include <iterator>

namespace models::storage::raid {

using sim::Bytes;

Bytes Extents::add(Extent extent) {
  const std::int64_t before = size_;
  remove(extent);
  std::int64_t begin = extent.begin.count();
  std::int64_t end = extent.end.count();
  size_ += end - begin;
  auto next = ends_.lower_bound(begin);
  if (next != ends_.end() && next->first == end) {
    end = next->second;
    next = ends_.erase(next);
  }
  if (next != ends_.begin() && std::prev(next)->second == begin) {
    std::prev(next)->second = end;
  } else {
    ends_.emplace_hint(next, begin, end);
  }
  return Bytes{size_ - before};
}

Bytes Extents::remove(Extent extent) {
  const std::int64_t begin = extent.begin.count();
  const std::int64_t end = extent.end.count();
  const std::int64_t before = size_;
  auto it = ends_.upper_bound(begin);
  if (it != ends_.begin() && std::prev(it)->second > begin) --it;
  while (it != ends_.end() && it->first < end) {
    const auto [from, to] = *it;
    it = ends_.erase(it);
    size_ -= std::min(to, end) - std::max(from, begin);
    if (from < begin) ends_.emplace_hint(it, from, begin);
    if (to > end) ends_.emplace_hint(it, end, to);
  }
  return Bytes{before - size_};
}

bool Extents::covers(Extent extent) const {
  const auto it = ends_.upper_bound(extent.begin.count());
  return it != ends_.begin() && std::prev(it)->second >= extent.end.count();
}

bool Extents::touches(Extent extent) const {
  const auto found = first(extent.begin);
  return found && found->begin < extent.end;
}

std::optional<Extent> Extents::first(Bytes from) const {
  auto it = ends_.upper_bound(from.count());
  if (it != ends_.begin() && std::prev(it)->second > from.count()) --it;
  if (it == ends_.end()) return {};
  return Extent{std::max(Bytes{it->first}, from), Bytes{it->second}};
}

}  // namespace models::storage::raid
