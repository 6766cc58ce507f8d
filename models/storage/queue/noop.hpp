// noop and none: first come, first served.
#pragma once

#include <deque>

#include "models/storage/queue/policy.hpp"

namespace models::storage::queue {

class Noop final : public Policy {
 public:
  void add(Item& item) override { items_.push_back(&item); }
  Item* next(sim::Instant) override {
    if (items_.empty()) return nullptr;
    Item* first = items_.front();
    items_.pop_front();
    return first;
  }

 private:
  std::deque<Item*> items_;
};

}  // namespace models::storage::queue
