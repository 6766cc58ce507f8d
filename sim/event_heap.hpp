// Parts of the event queue: entries, the table of where each stands, and a 4-ary heap of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim {

// 16 bytes, so that the four children of a node share a cache line.
struct EventEntry {
  static constexpr int kSlotBits = 24;
  std::int64_t time_ps;
  std::uint64_t key;  // sequence << 24 | slot
  std::uint32_t slot() const { return static_cast<std::uint32_t>(key & ((1U << kSlotBits) - 1)); }
  bool before(const EventEntry& other) const {
    return time_ps < other.time_ps || (time_ps == other.time_ps && key < other.key);
  }
};

// [slot]: tier in the two highest bits, index there below, but for near, where none is kept;
// kNowhere: not pending.
using Places = std::vector<std::uint32_t>;
inline constexpr std::uint32_t kNowhere = 0xffffffff;
inline constexpr std::uint32_t kTier = 0xc0000000;
inline constexpr std::uint32_t kNear = 0x00000000;
inline constexpr std::uint32_t kFar = 0x40000000;
inline constexpr std::uint32_t kRing = 0x80000000;
inline constexpr std::uint32_t kLine = 0xc0000000;

class EventHeap {
 public:
  explicit EventHeap(Places& places) : places_{places} {}

  std::size_t size() const { return entries_.size(); }
  const EventEntry& operator[](std::size_t at) const { return entries_[at]; }
  const std::vector<EventEntry>& entries() const { return entries_; }

  void push(const EventEntry& entry) {
    entries_.push_back(entry);
    sift_up(entries_.size() - 1, entry);
  }
  // Another entry in the place of the one there.
  void replace(std::size_t at, const EventEntry& entry) {
    if (at > 0 && entry.before(entries_[(at - 1) / 4])) {
      sift_up(at, entry);
    } else {
      sift_down(at, entry);
    }
  }
  void remove(std::size_t at) {
    const EventEntry last = entries_.back();
    entries_.pop_back();
    if (at < entries_.size()) replace(at, last);
  }
  void clear() { entries_.clear(); }

 private:
  void put(std::size_t at, const EventEntry& entry) {
    entries_[at] = entry;
    places_[entry.slot()] = kFar | static_cast<std::uint32_t>(at);
  }
  std::size_t least_child(std::size_t first) const {
    const std::size_t size = entries_.size();
    if (first + 4 <= size) {
      const std::size_t left = first + (entries_[first + 1].before(entries_[first]) ? 1U : 0U);
      const std::size_t right =
          first + 2 + (entries_[first + 3].before(entries_[first + 2]) ? 1U : 0U);
      return entries_[right].before(entries_[left]) ? right : left;
    }
    std::size_t least = first;
    for (std::size_t child = first + 1; child < size; ++child) {
      if (entries_[child].before(entries_[least])) least = child;
    }
    return least;
  }
  void sift_up(std::size_t at, EventEntry entry) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!entry.before(entries_[parent])) break;
      put(at, entries_[parent]);
      at = parent;
    }
    put(at, entry);
  }
  void sift_down(std::size_t at, EventEntry entry) {
    for (std::size_t first; (first = 4 * at + 1) < entries_.size();) {
      const std::size_t least = least_child(first);
      if (!entries_[least].before(entry)) break;
      put(at, entries_[least]);
      at = least;
    }
    put(at, entry);
  }

  Places& places_;
  std::vector<EventEntry> entries_;
};

}  // namespace sim
