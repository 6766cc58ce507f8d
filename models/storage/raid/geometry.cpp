#include "models/storage/raid/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/storage/raid/redundancy.hpp"
#include "sim/error.hpp"

namespace models::storage::raid {

using sim::Bytes;

namespace {

std::int64_t whole(std::int64_t amount, std::int64_t unit) {
  return amount / unit * unit;
}

}  // namespace

Geometry::Geometry(const Description& description, const std::vector<Bytes>& sizes)
    : level_{description.level},
      layout_{description.layout},
      n_{static_cast<int>(sizes.size())},
      copies_{level_ == Level::raid1 ? n_ : description.copies},
      parities_{level_ == Level::raid5 ? 1 : (level_ == Level::raid6 ? 2 : 0)},
      chunk_{description.chunk} {
  check(level_, n_, copies_);
  constexpr std::int64_t kRow = 4096;  // chunks are whole pages
  if (chunk_.count() < kRow || chunk_.count() % kRow != 0) {
    throw sim::ConfigError{fmt::format("chunk of {} B, need a multiple of 4 KiB", chunk_.count())};
  }
  const Bytes least = *std::min_element(sizes.begin(), sizes.end());
  const bool chunked = level_ != Level::linear && level_ != Level::raid1;
  if (least.count() < (chunked ? chunk_.count() : 1)) {
    throw sim::ConfigError{fmt::format("{}: member of {} B is smaller than a chunk of {} B",
                                       name(level_), least.count(), chunk_.count())};
  }
  switch (level_) {
    case Level::linear:
    case Level::raid0:
      make_zones(sizes);
      break;
    case Level::raid1:
      component_ = capacity_ = least;
      break;
    case Level::raid5:
    case Level::raid6:
      component_ = Bytes{whole(least.count(), chunk_.count())};
      capacity_ = component_ * (n_ - parities_);
      break;
    case Level::raid10:
      component_ = Bytes{whole(least.count(), chunk_.count())};
      make_raid10();
      break;
  }
}

void Geometry::make_zones(const std::vector<Bytes>& sizes) {
  std::int64_t end = 0;
  if (level_ == Level::linear) {
    for (int member = 0; member < n_; ++member) {
      const Bytes size = sizes[static_cast<std::size_t>(member)];
      zones_.push_back({end, end + size.count(), 0, {member}});
      end += size.count();
      component_ = std::max(component_, size);
    }
    capacity_ = Bytes{end};
    return;
  }
  for (std::int64_t from = 0;;) {
    Zone zone{end, end, from, {}};
    std::int64_t to = std::numeric_limits<std::int64_t>::max();
    for (int member = 0; member < n_; ++member) {
      const std::int64_t size =
          whole(sizes[static_cast<std::size_t>(member)].count(), chunk_.count());
      if (size <= from) continue;
      zone.members.push_back(member);
      to = std::min(to, size);
    }
    if (zone.members.empty()) break;
    end += (to - from) * static_cast<std::int64_t>(zone.members.size());
    zone.end = end;
    zones_.push_back(std::move(zone));
    component_ = Bytes{to};
    from = to;
  }
  capacity_ = Bytes{end};
}

// raid10.c calc_sectors: a disk's chunks are divided among the far copies, the array's places
// among the near ones.
void Geometry::make_raid10() {
  const std::int64_t chunks = component_.count() / chunk_.count();
  const std::int64_t near = layout_ == Layout::near ? copies_ : 1;
  const std::int64_t far = layout_ == Layout::near ? 1 : copies_;
  stride_ = chunks / far;
  capacity_ = chunk_ * (stride_ * n_ / near);
  if (capacity_.count() == 0) {
    throw sim::ConfigError{
        fmt::format("raid10: members of {} chunks hold no {} copies", chunks, copies_)};
  }
}

Bytes Geometry::stripe_data() const {
  return chunk_ * (n_ - parities_);
}

Span Geometry::zone_span(std::int64_t offset) const {
  const auto zone = std::find_if(zones_.begin(), zones_.end(),
                                 [&](const Zone& each) { return offset < each.end; });
  const std::int64_t within = offset - zone->begin;
  Span span;
  if (zone->members.size() == 1) {
    span.size = Bytes{zone->end - offset};
    span.at[0] = {zone->members.front(), Bytes{zone->member_begin + within}};
    return span;
  }
  const std::int64_t unit = chunk_.count();
  const auto disks = static_cast<std::int64_t>(zone->members.size());
  const std::int64_t chunk = within / unit;
  span.size = Bytes{unit - within % unit};
  span.at[0] = {zone->members[static_cast<std::size_t>(chunk % disks)],
                Bytes{zone->member_begin + chunk / disks * unit + within % unit}};
  return span;
}

Span Geometry::chunk_copies(std::int64_t chunk, std::int64_t within) const {
  const std::int64_t unit = chunk_.count();
  Span span;
  span.size = Bytes{unit - within};
  span.copies = copies_;
  for (int i = 0; i < copies_; ++i) {
    Place& place = span.at[static_cast<std::size_t>(i)];
    std::int64_t row = 0;
    if (layout_ == Layout::near) {
      const std::int64_t position = chunk * copies_ + i;
      place.member = static_cast<int>(position % n_);
      row = position / n_;
    } else {
      place.member = static_cast<int>((chunk + i) % n_);
      row = layout_ == Layout::far ? chunk / n_ + i * stride_ : chunk / n_ * copies_ + i;
    }
    place.offset = Bytes{row * unit + within};
  }
  return span;
}

Span Geometry::span(Bytes offset) const {
  if (level_ == Level::raid10) {
    return chunk_copies(offset.count() / chunk_.count(), offset.count() % chunk_.count());
  }
  if (level_ != Level::raid1) return zone_span(offset.count());
  Span span;
  span.size = capacity_ - offset;
  span.copies = n_;
  for (int i = 0; i < n_; ++i) span.at[static_cast<std::size_t>(i)] = {i, offset};
  return span;
}

Span Geometry::span_at(int member, Bytes offset) const {
  if (level_ == Level::raid1) return span(offset);
  const std::int64_t unit = chunk_.count();
  const std::int64_t row = offset.count() / unit;
  const std::int64_t within = offset.count() % unit;
  std::int64_t chunk = 0;
  if (layout_ == Layout::near) {
    chunk = (row * n_ + member) / copies_;
  } else {
    const std::int64_t copy = layout_ == Layout::far ? row / stride_ : row % copies_;
    const std::int64_t stripe = layout_ == Layout::far ? row % stride_ : row / copies_;
    chunk = stripe * n_ + (member - copy % n_ + n_) % n_;
    if (copy >= copies_) chunk = capacity_.count();
  }
  if (chunk >= capacity_.count() / unit) return {Bytes{}, 0, {}};
  return chunk_copies(chunk, within);
}

ParityPiece Geometry::piece(Bytes offset) const {
  const std::int64_t unit = chunk_.count();
  const std::int64_t chunk = offset.count() / unit;
  const std::int64_t within = offset.count() % unit;
  const int data = n_ - parities_;
  ParityPiece piece;
  piece.stripe = chunk / data;
  const int k = static_cast<int>(chunk % data);
  piece.member = (parity(piece.stripe) + parities_ + k) % n_;
  piece.offset = Bytes{piece.stripe * unit + within};
  piece.size = Bytes{unit - within};
  return piece;
}

int Geometry::parity(std::int64_t stripe) const {
  return n_ - 1 - static_cast<int>(stripe % n_);
}

int Geometry::syndrome(std::int64_t stripe) const {
  return parities_ == 2 ? (parity(stripe) + 1) % n_ : -1;
}

}  // namespace models::storage::raid
