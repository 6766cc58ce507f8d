#include "sim/event_queue.hpp"

#include <algorithm>
#include <bit>

#include "sim/error.hpp"

namespace sim {

namespace {

constexpr int kOneBucket = 62;          // all times that are ever scheduled
constexpr std::size_t kNearLimit = 16;  // beyond, buckets pay
constexpr std::size_t kWantedInBucket = 6;
constexpr std::size_t kFewInBucket = 4;
constexpr std::size_t kLook = 256;  // buckets opened between looks at their occupancy
constexpr std::size_t kFewestBuckets = 64;
constexpr std::size_t kMostBuckets = std::size_t{1} << 20;

}  // namespace

EventQueue::EventQueue()
    : near_{places_, kNear},
      ring_{places_},
      far_{places_, kFar},
      shift_{kOneBucket},
      near_limit_{kNearLimit} {}

EventQueue::Slot EventQueue::acquire() {
  if (!unused_.empty()) {
    const Slot slot = unused_.back();
    unused_.pop_back();
    return slot;
  }
  if (places_.size() >= (1U << EventEntry::kSlotBits)) {
    throw ModelError{"event queue: more than 2^24 events exist at once"};
  }
  places_.push_back(kNowhere);
  // A release never allocates: it happens in destructors.
  unused_.reserve(places_.capacity());
  return static_cast<Slot>(places_.size() - 1);
}

void EventQueue::release(Slot slot) {
  cancel(slot);
  unused_.push_back(slot);
}

const EventEntry& EventQueue::entry(Slot slot) const {
  const std::uint32_t place = places_[slot];
  const std::size_t at = place & ~kTier;
  return (place & kTier) == kNear ? near_[at] : (place & kTier) == kFar ? far_[at] : ring_[at];
}

void EventQueue::schedule(Slot slot, Instant time) {
  if (sequence_ >> (64 - EventEntry::kSlotBits) != 0) {
    throw ModelError{"event queue: more than 2^40 events were scheduled"};
  }
  const EventEntry entry{time.time_since_epoch().count(),
                         sequence_++ << EventEntry::kSlotBits | slot};
  const std::uint32_t place = places_[slot];
  if (entry.time_ps == now_ps_) {
    if (place != kNowhere) remove(slot);
    if (in_line_ == 0) {
      line_.clear();
      line_from_ = 0;
    }
    places_[slot] = kLine | static_cast<std::uint32_t>(line_.size());
    line_.push_back(slot);
    ++in_line_;
    return;
  }
  if (place != kNowhere) {
    if ((place & kTier) == kNear && bucket(entry) <= cursor_) {
      near_.replace(place, entry);
      return;
    }
    remove(slot);
  }
  insert(entry);
}

void EventQueue::insert(const EventEntry& entry) {
  const std::int64_t b = bucket(entry);
  if (b <= cursor_) {
    insert_near(entry);
  } else if (b - cursor_ <= ring_.buckets()) {
    ring_.push(b, entry);
  } else {
    far_.push(entry);
  }
}

void EventQueue::insert_near(const EventEntry& entry) {
  if (hole_) {
    hole_ = false;
    near_.fill_top(entry);
    return;
  }
  near_.push(entry);
  if (near_.size() > near_limit_) narrow_buckets();
}

void EventQueue::remove(Slot slot) {
  const std::uint32_t place = places_[slot];
  const std::size_t at = place & ~kTier;
  if ((place & kTier) == kNear) {
    near_.remove(at);
  } else if ((place & kTier) == kLine) {
    line_[at] = kNowhere;
    --in_line_;
  } else if ((place & kTier) == kFar) {
    far_.remove(at);
  } else {
    ring_.remove(bucket(ring_[at]), at);
  }
  places_[slot] = kNowhere;
}

void EventQueue::cancel(Slot slot) {
  if (places_[slot] != kNowhere) remove(slot);
}

std::int64_t EventQueue::first_near() const {
  if (!hole_) return near_[0].time_ps;
  const std::size_t end = std::min<std::size_t>(near_.size(), 5);
  std::int64_t first = near_[1].time_ps;
  for (std::size_t child = 2; child < end; ++child) first = std::min(first, near_[child].time_ps);
  return first;
}

Instant EventQueue::next_time() const {
  return from_ps(line_is_next() ? now_ps_ : first_near());
}

EventQueue::Slot EventQueue::pop() {
  if (line_is_next()) return pop_line();
  close_hole();
  hole_ = true;
  const EventEntry& first = near_[0];
  now_ps_ = first.time_ps;
  places_[first.slot()] = kNowhere;
  return first.slot();
}

EventQueue::Slot EventQueue::pop_line() {
  while (line_[line_from_] == kNowhere) ++line_from_;
  const Slot slot = line_[line_from_++];
  places_[slot] = kNowhere;
  --in_line_;
  return slot;
}

void EventQueue::close_hole() {
  if (!hole_) return;
  hole_ = false;
  near_.close_top();
}

void EventQueue::open_bucket() {
  hole_ = false;
  near_.clear();
  if (ring_.size() == 0) cursor_ = bucket(far_[0]) - 1;
  admit_far();
  cursor_ = ring_.next_occupied(cursor_ + 1);
  ring_.drain(cursor_, [&](const EventEntry& entry) { near_.append(entry); });
  near_.order();
  admit_far();
  watch_occupancy(near_.size());
}

// What the ring reaches by now.
void EventQueue::admit_far() {
  while (far_.size() > 0 && bucket(far_[0]) - cursor_ <= ring_.buckets()) {
    const EventEntry entry = far_[0];
    far_.remove(0);
    ring_.push(bucket(entry), entry);
  }
}

// Near has grown too long: buckets of the width of its first few events.
void EventQueue::narrow_buckets() {
  scratch_.assign(near_.entries().begin(), near_.entries().end());
  const auto wanted = scratch_.begin() + kWantedInBucket;
  const auto by_time = [](const EventEntry& a, const EventEntry& b) { return a.before(b); };
  std::nth_element(scratch_.begin(), wanted, scratch_.end(), by_time);
  const auto span = static_cast<std::uint64_t>(wanted->time_ps - near_[0].time_ps);
  const int shift = std::max(0, static_cast<int>(std::bit_width(span)) - 1);
  const bool paid = sequence_ - rebuilt_ >= size();
  if (shift < shift_ && paid) {
    rebuild(shift);
  }
  // Events at one instant cannot be parted; a bucket that was opened wide works itself off.
  near_limit_ = std::max(kNearLimit, 2 * near_.size());
}

void EventQueue::watch_occupancy(std::size_t opened) {
  near_limit_ = std::max(kNearLimit, 2 * opened);
  from_ring_ += opened;
  if (++opened_ < kLook && from_ring_ < kWantedInBucket * kLook) return;
  const std::size_t mean = from_ring_ / opened_;
  const bool short_ring = far_.size() > ring_.size() + near_.size();
  opened_ = from_ring_ = 0;
  if (sequence_ - rebuilt_ < size()) return;
  if (mean > kNearLimit && shift_ > 0) {
    const int narrower = static_cast<int>(std::bit_width(mean / kWantedInBucket)) - 1;
    rebuild(std::max(0, shift_ - narrower));
  } else if (mean < kFewInBucket || short_ring) {
    rebuild(std::min(kOneBucket, shift_ + (mean < kFewInBucket ? 2 : 1)));
  }
}

// Every event anew, with buckets of another width, as many as the events need.
void EventQueue::rebuild(int shift) {
  rebuilt_ = sequence_;
  close_hole();
  scratch_.assign(near_.entries().begin(), near_.entries().end());
  scratch_.insert(scratch_.end(), far_.entries().begin(), far_.entries().end());
  while (ring_.size() > 0) {
    ring_.drain(ring_.next_occupied(cursor_ + 1),
                [&](const EventEntry& entry) { scratch_.push_back(entry); });
  }
  near_.clear();
  far_.clear();
  shift_ = shift;
  ring_.resize(std::clamp(std::bit_ceil(scratch_.size() / (kWantedInBucket / 2)), kFewestBuckets,
                          kMostBuckets));
  std::int64_t first = INT64_MAX;
  for (const EventEntry& entry : scratch_) first = std::min(first, entry.time_ps);
  cursor_ = scratch_.empty() ? 0 : first >> shift_;
  near_limit_ = SIZE_MAX;  // no rebuild within this one
  for (const EventEntry& entry : scratch_) insert(entry);
  near_limit_ = std::max(kNearLimit, 2 * near_.size());
}

}  // namespace sim
