// The order of events: exact and stable at equal times, whatever stands where.
//
// Time is cut into buckets of 2^shift ps. Tiers, each event in one:
//   near   in order, the next one last: all events up to the bucket that is being worked off
//   ring   the buckets that follow, unsorted: an insertion or removal there is O(1)
//   far    a 4-ary heap: what lies beyond the ring; each event passes from it once
// and beside them a line of those scheduled for the very instant that is being worked off: they go
// behind all that was due then, in the order in which they came, so that a line is their order.
// When near is empty the next bucket of the ring is put in order and becomes it. A bucket's width
// follows the density of events, so that near holds a few: it lies in a cache line or two, and the
// sift of a heap costs more than the shift of two or three entries. With few events pending there
// is one bucket, and near is all. Insert, cancel and reschedule are O(1) in the ring, O(log n) in
// the heap, O(near) in near, which is short unless many events are due within a picosecond.
//
// Where each event stands is kept apart, four bytes an event. Nothing is allocated once as many
// events lay as far apart before.
//
// Limits: 2^24 events pending at once, 2^40 schedulings; beyond, ModelError.
// Source  calendar queue (Brown 1988), ladder queue (Tang, Goh, Thng 2005) for bucketed time.
// Checked tests/sim/event_queue_test.cpp; benchmark P1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/bucket_ring.hpp"
#include "sim/event_heap.hpp"
#include "sim/units.hpp"

namespace sim {

class EventQueue {
 public:
  using Slot = std::uint32_t;

  EventQueue();

  // A place for one event; slots are reused after release().
  Slot acquire() {
    if (unused_.empty()) return new_slot();
    const Slot slot = unused_.back();
    unused_.pop_back();
    return slot;
  }
  void release(Slot slot) {  // cancels first
    cancel(slot);
    unused_.push_back(slot);
  }

  bool empty() const { return size() == 0; }
  // Whether another is due when the one did that fired last.
  bool due_at_once() const {
    return in_line_ > 0 || (!near_.empty() && near_.back().time_ps == now_ps_);
  }
  // How often all events were sorted anew into buckets of another width.
  std::uint64_t rebuilds() const { return rebuilds_; }
  std::size_t size() const { return near_.size() + ring_.size() + far_.size() + in_line_; }
  bool pending(Slot slot) const { return places_[slot] != kNowhere; }
  Instant time(Slot slot) const {
    const std::uint32_t place = places_[slot];
    return from_ps((place & kTier) == kLine ? now_ps_ : entry(slot).time_ps);
  }

  // Or reschedule; goes behind equals. `time` must not be before the event that fired last.
  void schedule(Slot slot, Instant time);
  void cancel(Slot slot) {
    if (places_[slot] != kNowhere) remove(slot);
  }

  enum class Next { none, ready, bucket_opened };
  // Brings the first event to the top, if there is one.
  Next prepare() {
    if (!near_.empty() || in_line_ > 0) [[likely]]
      return Next::ready;
    if (ring_.size() == 0 && far_.size() == 0) return Next::none;
    open_bucket();
    return Next::bucket_opened;
  }
  // Both require prepare().
  Instant next_time() const { return from_ps(line_is_next() ? now_ps_ : near_.back().time_ps); }
  Slot pop() {
    if (line_is_next()) return pop_line();
    const EventEntry first = near_.back();
    near_.pop_back();
    now_ps_ = first.time_ps;
    places_[first.slot()] = kNowhere;
    return first.slot();
  }
  // Events of the bucket that opens next, and of the one after: for prefetching.
  template <class Next, class After>
  void visit_coming(Next&& next, After&& after) const {
    if (ring_.size() == 0) return;
    const std::int64_t first = ring_.next_occupied(cursor_ + 1);
    if (ring_.visit(first, next) == ring_.size()) return;
    ring_.visit(ring_.next_occupied(first + 1), after);
  }

 private:
  static Instant from_ps(std::int64_t ps) { return Instant{Duration{ps}}; }
  std::int64_t bucket(const EventEntry& entry) const { return entry.time_ps >> shift_; }
  Slot new_slot();
  const EventEntry& entry(Slot slot) const;
  void wait_in_line(Slot slot);
  void push_far(const EventEntry& entry);
  void insert_near(const EventEntry& entry);
  void remove(Slot slot);
  std::size_t find_near(Slot slot) const;
  bool line_is_next() const {
    return in_line_ > 0 && (near_.empty() || near_.back().time_ps > now_ps_);
  }
  Slot pop_line();
  void open_bucket();
  void admit_far();
  void narrow_buckets();
  void watch_occupancy();
  bool rebuild_is_paid() const { return sequence_ - rebuilt_ >= patience_ * size(); }
  void rebuild(int shift);

  Places places_;                 // [slot]
  std::vector<EventEntry> near_;  // the first one last
  BucketRing ring_;
  EventHeap far_;
  std::vector<Slot> line_;     // [order]; kNowhere: gone since
  std::size_t line_from_ = 0;  // in line_: those before have fired
  std::size_t in_line_ = 0;    // live
  std::int64_t now_ps_ = -1;   // of the event that fired last
  std::vector<Slot> unused_;
  std::vector<EventEntry> scratch_;
  std::uint64_t sequence_ = 0;
  std::int64_t cursor_ = 0;    // near holds all buckets up to this one
  int shift_;                  // a bucket is 2^shift_ ps
  std::size_t near_limit_;     // more in near, and buckets are too wide
  std::size_t opened_ = 0;     // buckets since the last look at their occupancy
  std::size_t met_ = 0;        // events that passed through near
  std::uint64_t rebuilt_ = 0;  // sequence_ at the last rebuild: the next must be paid for
  std::uint64_t rebuilds_ = 0;
  bool narrowed_ = true;      // at the last one
  std::size_t patience_ = 1;  // events scheduled for each waiting one, before the next
};

}  // namespace sim
