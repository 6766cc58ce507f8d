#include "models/storage/raid/hold_list.hpp"

#include <algorithm>

namespace models::storage::raid {

Row* HoldList::first() {
  const auto left = [](const Entry& entry) {
    return entry.row->state != Row::State::held || entry.row->held != entry.number;
  };
  while (!rows_.empty() && left(rows_.front())) rows_.pop_front();
  return rows_.empty() ? nullptr : rows_.front().row;
}

void HoldList::passed() {
  const Row* held = first();
  if (held == nullptr) {
    passed_ = 0;
  } else if (held == last_first_) {
    ++passed_;
  } else {
    last_first_ = held;
    passed_ = std::max(passed_ - kThreshold, 0);
  }
}

Row* HoldList::next(bool full_stripes_under_way) {
  Row* held = first();
  if (held == nullptr || (full_stripes_under_way && passed_ <= kThreshold)) return nullptr;
  rows_.pop_front();
  passed_ = std::max(passed_ - kThreshold, 0);
  return held;
}

}  // namespace models::storage::raid
