#include "sim/event_queue.hpp"

#include <algorithm>
#include <bit>

#include "sim/error.hpp"

namespace sim {

namespace {

constexpr int kOneBucket = 62;          // all times that are ever scheduled
constexpr std::size_t kNearLimit = 16;  // beyond, buckets pay
constexpr std::size_t kWantedInBucket = 8;
constexpr std::size_t kFewInBucket = 3;
constexpr std::size_t kLook = 256;  // buckets opened between looks at their occupancy
constexpr std::size_t kFewestBuckets = 1024;
constexpr std::size_t kMostBuckets = std::size_t{1} << 20;
constexpr std::size_t kMostPatience = 64;
constexpr std::size_t kLasting = 8;  // times its patience
constexpr std::size_t kShort = 32;   // entries that are put in order one by one

// Near's order: the first one last.
bool after(const EventEntry& a, const EventEntry& b) {
  return b.before(a);
}

void put_in_order(std::vector<EventEntry>& entries) {
  if (entries.size() > kShort) {
    std::sort(entries.begin(), entries.end(), after);
    return;
  }
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const EventEntry entry = entries[i];
    std::size_t at = i;
    for (; at > 0 && entries[at - 1].before(entry); --at) entries[at] = entries[at - 1];
    entries[at] = entry;
  }
}

}  // namespace

EventQueue::EventQueue()
    : ring_{places_}, far_{places_}, shift_{kOneBucket}, near_limit_{kNearLimit} {}

EventQueue::Slot EventQueue::new_slot() {
  if (places_.size() >= (1U << EventEntry::kSlotBits)) {
    throw ModelError{"event queue: more than 2^24 events exist at once"};
  }
  places_.push_back(kNowhere);
  // A release never allocates: it happens in destructors.
  unused_.reserve(places_.capacity());
  return static_cast<Slot>(places_.size() - 1);
}

const EventEntry& EventQueue::entry(Slot slot) const {
  const std::uint32_t place = places_[slot];
  const std::size_t at = place & ~kTier;
  if ((place & kTier) == kNear) return near_[find_near(slot)];
  return (place & kTier) == kFar ? far_[at] : ring_[at];
}

std::size_t EventQueue::find_near(Slot slot) const {
  std::size_t at = near_.size() - 1;
  while (near_[at].slot() != slot) --at;
  return at;
}

void EventQueue::schedule(Slot slot, Instant time) {
  if (sequence_ >> (64 - EventEntry::kSlotBits) != 0) [[unlikely]]
    throw ModelError{"event queue: more than 2^40 events were scheduled"};
  if (places_[slot] != kNowhere) remove(slot);
  const EventEntry entry{time.time_since_epoch().count(),
                         sequence_++ << EventEntry::kSlotBits | slot};
  if (entry.time_ps == now_ps_) {
    wait_in_line(slot);
  } else if (const std::int64_t ahead = bucket(entry) - cursor_; ahead <= 0) {
    insert_near(entry);
  } else if (ahead <= ring_.buckets()) {
    ring_.push(bucket(entry), entry);
  } else {
    push_far(entry);
  }
}

// Apart, so that the usual ways of schedule() need few registers.
[[gnu::noinline]] void EventQueue::push_far(const EventEntry& entry) {
  far_.push(entry);
}

void EventQueue::wait_in_line(Slot slot) {
  if (in_line_ == 0) {
    line_.clear();
    line_from_ = 0;
  }
  places_[slot] = kLine | static_cast<std::uint32_t>(line_.size());
  line_.push_back(slot);
  ++in_line_;
}

// Scheduled last, so behind those of the same time.
void EventQueue::insert_near(const EventEntry& entry) {
  std::size_t at = near_.size();
  near_.push_back(entry);
  for (; at > 0 && near_[at - 1].time_ps <= entry.time_ps; --at) near_[at] = near_[at - 1];
  near_[at] = entry;
  places_[entry.slot()] = kNear;
  ++met_;
  if (near_.size() > near_limit_) narrow_buckets();
}

void EventQueue::remove(Slot slot) {
  const std::uint32_t place = places_[slot];
  const std::size_t at = place & ~kTier;
  if ((place & kTier) == kNear) {
    near_.erase(near_.begin() + static_cast<std::ptrdiff_t>(find_near(slot)));
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

EventQueue::Slot EventQueue::pop_line() {
  while (line_[line_from_] == kNowhere) ++line_from_;
  const Slot slot = line_[line_from_++];
  places_[slot] = kNowhere;
  --in_line_;
  return slot;
}

void EventQueue::open_bucket() {
  if (ring_.size() == 0) cursor_ = bucket(far_[0]) - 1;
  admit_far();
  cursor_ = ring_.next_occupied(cursor_ + 1);
  ring_.drain(cursor_, [&](const EventEntry& entry) {
    near_.push_back(entry);
    places_[entry.slot()] = kNear;
  });
  put_in_order(near_);
  admit_far();
  near_limit_ = std::max(kNearLimit, 2 * near_.size());
  met_ += near_.size();
  ++opened_;
  watch_occupancy();
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
  const EventEntry& wanted = near_[near_.size() - kWantedInBucket];
  const auto span = static_cast<std::uint64_t>(wanted.time_ps - near_.back().time_ps);
  const int shift = std::max(0, static_cast<int>(std::bit_width(span)) - 1);
  if (shift < shift_ && rebuild_is_paid()) rebuild(shift);
  // Events at one instant cannot be parted; a bucket that was opened wide works itself off.
  near_limit_ = std::max(kNearLimit, 2 * near_.size());
}

void EventQueue::watch_occupancy() {
  if (opened_ < kLook && met_ < kWantedInBucket * kLook) return;
  const std::size_t mean = met_ / opened_;
  const bool short_ring = far_.size() > ring_.size() + near_.size();
  opened_ = met_ = 0;
  if (!rebuild_is_paid()) return;
  if (mean > kNearLimit && shift_ > 0) {
    const int narrower = static_cast<int>(std::bit_width(mean / kWantedInBucket)) - 1;
    rebuild(std::max(0, shift_ - narrower));
  } else if (mean < kFewInBucket || short_ring) {
    rebuild(std::min(kOneBucket, shift_ + 1));
  }
}

// Every event anew, with buckets of another width, as many as the events need. Where bursts ask for
// narrow buckets and the time between them for wide ones, each turn has to wait longer, until one
// width has lasted.
void EventQueue::rebuild(int shift) {
  const bool narrower = shift < shift_;
  if (sequence_ - rebuilt_ >= kLasting * patience_ * size()) {
    patience_ = 1;
  } else if (narrower != narrowed_) {
    patience_ = std::min(kMostPatience, 2 * patience_);
  }
  narrowed_ = narrower;
  rebuilt_ = sequence_;
  ++rebuilds_;
  scratch_.assign(near_.begin(), near_.end());
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
  for (const EventEntry& entry : scratch_) {
    const std::int64_t ahead = bucket(entry) - cursor_;
    if (ahead <= 0) {
      near_.push_back(entry);
      places_[entry.slot()] = kNear;
    } else if (ahead <= ring_.buckets()) {
      ring_.push(bucket(entry), entry);
    } else {
      far_.push(entry);
    }
  }
  put_in_order(near_);
}

}  // namespace sim
