// Part of the event queue: a ring of unsorted buckets, each a list of chunks from a common pool.
//
// Bucket number b stands at b mod buckets; the caller keeps all numbers within one turn of the
// ring. All but the first chunk of a list are full, so an entry leaves by taking the last one's
// place.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/event_heap.hpp"

namespace sim {

class BucketRing {
 public:
  explicit BucketRing(Places& places) : places_{places} { resize(64); }

  std::size_t size() const { return size_; }
  std::int64_t buckets() const { return static_cast<std::int64_t>(lists_.size()); }
  const EventEntry& operator[](std::size_t at) const { return pool_[at]; }

  // Requires an empty ring; `buckets` is a power of two, at least 64.
  void resize(std::size_t buckets) {
    lists_.assign(buckets, {});
    occupied_.assign(buckets / 64, 0);
  }

  void push(std::int64_t bucket, const EventEntry& entry) {
    const std::size_t b = at(bucket);
    List& list = lists_[b];
    if (list.count == kChunk || list.chunk == kNone) list = {new_chunk(list.chunk), 0};
    const std::size_t place = list.chunk * kChunk + list.count++;
    pool_[place] = entry;
    places_[entry.slot()] = kRing | static_cast<std::uint32_t>(place);
    occupied_[b / 64] |= std::uint64_t{1} << b % 64;
    ++size_;
  }

  void remove(std::int64_t bucket, std::size_t place) {
    const std::size_t b = at(bucket);
    List& list = lists_[b];
    const std::size_t last = list.chunk * kChunk + list.count - 1;
    if (place != last) {
      pool_[place] = pool_[last];
      places_[pool_[place].slot()] = kRing | static_cast<std::uint32_t>(place);
    }
    if (--list.count == 0) drop_chunk(list);
    if (list.chunk == kNone) occupied_[b / 64] &= ~(std::uint64_t{1} << b % 64);
    --size_;
  }

  // The first bucket with an event from `bucket` on, within one turn. Requires a ring not empty.
  std::int64_t next_occupied(std::int64_t bucket) const {
    std::size_t b = at(bucket);
    std::uint64_t word = occupied_[b / 64] >> b % 64;
    if (word != 0) return bucket + std::countr_zero(word);
    bucket += static_cast<std::int64_t>(64 - b % 64);
    for (;;) {
      word = occupied_[at(bucket) / 64];
      if (word != 0) return bucket + std::countr_zero(word);
      bucket += 64;
    }
  }

  // Names the slots in a bucket; how many.
  template <class Visit>
  std::size_t visit(std::int64_t bucket, Visit&& visit) const {
    const List list = lists_[at(bucket)];
    std::size_t count = list.count;
    std::size_t seen = 0;
    for (std::uint32_t chunk = list.chunk; chunk != kNone; chunk = next_[chunk]) {
      for (std::size_t i = 0; i < count; ++i) visit(pool_[chunk * kChunk + i].slot());
      seen += count;
      count = kChunk;
    }
    return seen;
  }

  // Takes every entry out of a bucket.
  template <class Take>
  void drain(std::int64_t bucket, Take&& take) {
    const std::size_t b = at(bucket);
    List& list = lists_[b];
    while (list.chunk != kNone) {
      for (std::size_t i = 0; i < list.count; ++i) take(pool_[list.chunk * kChunk + i]);
      size_ -= list.count;
      drop_chunk(list);
    }
    occupied_[b / 64] &= ~(std::uint64_t{1} << b % 64);
  }

 private:
  static constexpr std::size_t kChunk = 8;  // entries: two cache lines
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct List {
    std::uint32_t chunk = kNone;  // the one that is filled
    std::uint32_t count = 0;      // entries in it
  };
  std::size_t at(std::int64_t bucket) const {
    return static_cast<std::size_t>(bucket) & (lists_.size() - 1);
  }
  std::uint32_t new_chunk(std::uint32_t next) {
    std::uint32_t chunk = free_;
    if (chunk != kNone) {
      free_ = next_[chunk];
    } else {
      chunk = static_cast<std::uint32_t>(next_.size());
      next_.push_back(kNone);
      pool_.resize(pool_.size() + kChunk);
    }
    next_[chunk] = next;
    return chunk;
  }
  void drop_chunk(List& list) {
    const std::uint32_t next = next_[list.chunk];
    next_[list.chunk] = free_;
    free_ = list.chunk;
    list = {next, next == kNone ? 0 : static_cast<std::uint32_t>(kChunk)};
  }

  Places& places_;
  std::vector<List> lists_;              // [bucket mod buckets]
  std::vector<std::uint64_t> occupied_;  // a bit for each bucket with an event
  std::vector<EventEntry> pool_;         // [chunk * kChunk + i]
  std::vector<std::uint32_t> next_;      // [chunk] of the same bucket, or of the free ones
  std::uint32_t free_ = kNone;
  std::size_t size_ = 0;
};

}  // namespace sim
