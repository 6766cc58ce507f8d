#include "sim/event_queue.hpp"

#include <algorithm>

#include "sim/error.hpp"

namespace sim {

EventQueue::Slot EventQueue::acquire() {
  if (!unused_.empty()) {
    const Slot slot = unused_.back();
    unused_.pop_back();
    return slot;
  }
  if (position_.size() >= (1U << kSlotBits)) {
    throw ModelError{"event queue: more than 2^24 events exist at once"};
  }
  position_.push_back(kNowhere);
  // A release never allocates: it happens in destructors.
  unused_.reserve(position_.capacity());
  return static_cast<Slot>(position_.size() - 1);
}

void EventQueue::release(Slot slot) {
  cancel(slot);
  unused_.push_back(slot);
}

void EventQueue::sift_up(std::size_t at, Entry entry) {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 4;
    if (!before(entry, heap_[parent])) break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, entry);
}

void EventQueue::sift_down(std::size_t at, Entry entry) {
  const std::size_t size = heap_.size();
  for (;;) {
    const std::size_t first = 4 * at + 1;
    if (first >= size) break;
    std::size_t least = first;
    if (first + 4 <= size) {
      const std::size_t left = first + (before(heap_[first + 1], heap_[first]) ? 1U : 0U);
      const std::size_t right = first + 2 + (before(heap_[first + 3], heap_[first + 2]) ? 1U : 0U);
      least = before(heap_[right], heap_[left]) ? right : left;
    } else {
      for (std::size_t child = first + 1; child < size; ++child) {
        if (before(heap_[child], heap_[least])) least = child;
      }
    }
    if (!before(heap_[least], entry)) break;
    put(at, heap_[least]);
    at = least;
  }
  put(at, entry);
}

void EventQueue::schedule(Slot slot, Instant time) {
  if (sequence_ >> (64 - kSlotBits) != 0) {
    throw ModelError{"event queue: more than 2^40 events were scheduled"};
  }
  const Entry entry{time.time_since_epoch().count(), sequence_++ << kSlotBits | slot};
  const std::uint32_t at = position_[slot];
  if (at != kNowhere) {
    if (before(entry, heap_[at])) {
      // With a hole at the top, its parent comparison would meet the fired entry; that entry is
      // the earliest of all, so the sift stops below it.
      sift_up(at, entry);
    } else {
      sift_down(at, entry);
    }
    return;
  }
  if (hole_) {
    hole_ = false;
    sift_down(0, entry);
    return;
  }
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

void EventQueue::cancel(Slot slot) {
  const std::uint32_t at = position_[slot];
  if (at == kNowhere) return;
  position_[slot] = kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  if (at > 0 && before(last, heap_[(at - 1) / 4])) {
    sift_up(at, last);
  } else {
    sift_down(at, last);
  }
}

Instant EventQueue::next_time() const {
  if (!hole_) return from_ps(heap_[0].time_ps);
  const std::size_t end = std::min<std::size_t>(heap_.size(), 5);
  std::size_t least = 1;
  for (std::size_t child = 2; child < end; ++child) {
    if (before(heap_[child], heap_[least])) least = child;
  }
  return from_ps(heap_[least].time_ps);
}

EventQueue::Slot EventQueue::pop() {
  if (hole_) close();
  hole_ = true;
  const Slot slot = slot_of(heap_[0]);
  position_[slot] = kNowhere;
  return slot;
}

void EventQueue::close() {
  if (!hole_) return;
  hole_ = false;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sift_down(0, last);
}

}  // namespace sim
