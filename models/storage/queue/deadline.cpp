#include "models/storage/queue/deadline.hpp"

namespace models::storage::queue {

Item* Deadline::next(sim::Instant now) {
  const bool reads = !waiting_[kRead].empty();
  const bool writes = !waiting_[kWrite].empty();
  if (!reads && !writes) return nullptr;
  Item* item = nullptr;
  if (dispatched_ > 0 && dispatched_ < tunables_.fifo_batch)
    item = waiting_[batch_].at_or_after(position_);
  if (item == nullptr) {
    std::size_t chosen = kWrite;
    if (reads && !(writes && starved_++ >= tunables_.writes_starved)) chosen = kRead;
    if (chosen == kWrite) starved_ = 0;
    Item* const oldest = waiting_[chosen].oldest();
    const sim::Duration expire = chosen == kRead ? tunables_.read_expire : tunables_.write_expire;
    Item* further =
        chosen == batch_ && dispatched_ > 0 ? waiting_[chosen].at_or_after(position_) : nullptr;
    item = further == nullptr || now - oldest->arrived >= expire ? oldest : further;
    batch_ = chosen;
    dispatched_ = 0;
  }
  ++dispatched_;
  position_ = item->end();
  return waiting_[batch_].take(item);
}

}  // namespace models::storage::queue
