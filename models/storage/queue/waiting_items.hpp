// Items that wait, to be taken by place or by age.
//
// A few hundred at most (nr_requests), so that a scan of the array beats trees that a merge would
// have to keep in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "models/storage/queue/policy.hpp"

namespace models::storage::queue {

class WaitingItems {
 public:
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  void add(Item& item) { items_.push_back(&item); }
  Item* take(Item* item) {
    const auto at = std::find(items_.begin(), items_.end(), item);
    *at = items_.back();
    items_.pop_back();
    return item;
  }
  Item* oldest() const {
    return best([](const Item& a, const Item& b) { return a.number < b.number; });
  }
  // The nearest at or after `from`; null when all lie before.
  Item* at_or_after(sim::Bytes from) const {
    Item* found = nullptr;
    for (Item* each : items_) {
      if (each->offset < from) continue;
      if (found == nullptr || before(*each, *found)) found = each;
    }
    return found;
  }
  Item* lowest() const { return best(before); }
  // Elevators that go back a little (as_choose_req, cfq_choose_req): distance ahead counts once,
  // behind `penalty` times up to `back`, others after all those, from the lowest.
  Item* nearest(sim::Bytes from, sim::Bytes back, int penalty) const {
    Item* found = nullptr;
    sim::Bytes shortest{};
    for (Item* each : items_) {
      sim::Bytes distance = each->offset - from;
      if (distance.count() < 0) distance = (from - each->offset) * penalty;
      if (each->offset + back < from) continue;
      if (found == nullptr || distance < shortest ||
          (distance == shortest && each->number < found->number)) {
        found = each;
        shortest = distance;
      }
    }
    return found != nullptr ? found : lowest();
  }
  // CFQ's and BFQ's choice within a slice (cfq_check_fifo, bfq_check_fifo): once a slice, told by
  // `looked`, the oldest if it is past `expire`; else the nearest.
  Item* in_slice(bool& looked, sim::Instant now, sim::Duration expire, sim::Bytes from,
                 sim::Bytes back, int penalty) const {
    if (!looked) {
      looked = true;
      if (Item* const first = oldest(); now - first->arrived >= expire) return first;
    }
    return nearest(from, back, penalty);
  }
  const std::vector<Item*>& all() const { return items_; }

 private:
  static bool before(const Item& a, const Item& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.number < b.number;
  }
  template <class Less>
  Item* best(Less less) const {
    const auto at = std::min_element(items_.begin(), items_.end(),
                                     [&](const Item* a, const Item* b) { return less(*a, *b); });
    return at == items_.end() ? nullptr : *at;
  }
  std::vector<Item*> items_;
};

}  // namespace models::storage::queue
