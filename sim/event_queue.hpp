// The order of events: a 4-ary heap over (time, sequence), stable at equal times.
//
// An entry is 16 bytes, so the four children of a node share a cache line; where each event stands
// in the heap is kept apart, four bytes an event, for O(log n) cancel and reschedule. The event
// that is firing leaves a hole at the top: rescheduling it, or scheduling another, fills the hole
// with one sift instead of two. Nothing is allocated once as many events were pending before.
//
// Limits: 2^24 events pending at once, 2^40 schedulings; beyond, ModelError.
// Checked tests/sim/event_queue_test.cpp; benchmark P1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace sim {

class EventQueue {
 public:
  using Slot = std::uint32_t;
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  // A place for one event; slots are reused after release().
  Slot acquire();
  void release(Slot slot);  // cancels first

  bool empty() const { return size() == 0; }
  std::size_t size() const { return heap_.size() - (hole_ ? 1 : 0); }
  bool pending(Slot slot) const { return position_[slot] != kNowhere; }
  Instant time(Slot slot) const { return from_ps(heap_[position_[slot]].time_ps); }

  // Or reschedule; goes behind equals. `time` must not be before the event that fired last.
  void schedule(Slot slot, Instant time);
  void cancel(Slot slot);

  Instant next_time() const;  // requires !empty()
  // Takes the first event out and leaves its hole to be filled; requires !empty().
  Slot pop();
  // Slots that may fire soon, for prefetching: `near` sees the top's children, `far` theirs.
  template <class Near, class Far>
  void visit_candidates(Near&& near, Far&& far) const {
    const std::size_t size = heap_.size();
    for (std::size_t child = 1; child < 5 && child < size; ++child) near(slot_of(heap_[child]));
    if (size < kCold) return;
    for (std::size_t child = 5; child < 21; ++child) far(slot_of(heap_[child]));
  }
  // Closes the hole when the handler scheduled nothing.
  void close();

 private:
  struct Entry {
    std::int64_t time_ps;
    std::uint64_t key;  // sequence << 24 | slot
  };
  static constexpr int kSlotBits = 24;
  static constexpr std::size_t kCold = 4096;  // events beyond which their tables leave the caches
  static Instant from_ps(std::int64_t ps) { return Instant{Duration{ps}}; }
  static bool before(const Entry& a, const Entry& b) {
    return a.time_ps < b.time_ps || (a.time_ps == b.time_ps && a.key < b.key);
  }
  static Slot slot_of(const Entry& e) { return static_cast<Slot>(e.key & ((1U << kSlotBits) - 1)); }
  void put(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    position_[slot_of(entry)] = static_cast<std::uint32_t>(at);
  }
  void sift_up(std::size_t at, Entry entry);
  void sift_down(std::size_t at, Entry entry);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> position_;  // [slot], kNowhere: not pending
  std::vector<Slot> unused_;
  std::uint64_t sequence_ = 0;
  bool hole_ = false;  // heap_[0] is the event now firing
};

}  // namespace sim
