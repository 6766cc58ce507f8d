#include "models/storage/raid/copies.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;

// Extends what already goes to the member and ends here.
void Copies::add(std::vector<Piece>& pieces, Place place, Bytes size) {
  const auto last = std::find_if(pieces.rbegin(), pieces.rend(),
                                 [&](const Piece& piece) { return piece.member == place.member; });
  if (last != pieces.rend() && last->offset + last->size == place.offset) {
    last->size += size;
  } else {
    pieces.push_back({place.member, place.offset, size});
  }
}

sim::Task<> Copies::read(Request request) {
  const Span whole = geometry().span(request.offset);
  if (whole.size >= request.size) {
    const int copy = choose(whole, request.size);
    const Place place = whole.at[static_cast<std::size_t>(copy)];
    Piece piece{place.member, place.offset, request.size};
    co_await submit(piece, request);
    co_return;
  }
  std::vector<Piece> pieces;
  for (Bytes done{}; done < request.size;) {
    const Span span = geometry().span(request.offset + done);
    const Bytes size = std::min(span.size, request.size - done);
    add(pieces, span.at[static_cast<std::size_t>(choose(span, size))], size);
    done += size;
  }
  co_await submit_all(pieces, request);
}

sim::Task<> Copies::write(Request request) {
  const Span whole = geometry().span(request.offset);
  if (whole.copies == 1 && whole.size >= request.size) {
    Piece piece{whole.at[0].member, whole.at[0].offset, request.size};
    co_await submit(piece, request);
    co_return;
  }
  Bitmap* map = bitmap();
  if (map != nullptr && !map->enter(request.offset, request.size)) {
    const CountedWait wait{engine(), request.waits, &Waits::redundancy_s};
    co_await map->mark(request.offset, request.size);
  }
  std::vector<Piece> pieces;
  for (Bytes done{}; done < request.size;) {
    const Span span = geometry().span(request.offset + done);
    const Bytes size = std::min(span.size, request.size - done);
    // A copy alone is on each of its disks in turn, so that they share the work.
    const std::int64_t alone =
        (request.offset + done).count() / description().chunk.count() % span.copies;
    for (int i = 0; i < span.copies; ++i) {
      const Place place = span.at[static_cast<std::size_t>(i)];
      if (!writable(place.member)) continue;
      if (description().redundant || i == alone) add(pieces, place, size);
    }
    done += size;
  }
  if (pieces.size() == 1) {
    co_await submit(pieces.front(), request);
  } else {
    co_await submit_all(pieces, request);
  }
  if (map != nullptr) map->leave(request.offset, request.size);
}

// --- read balance ---

int Copies::choose(const Span& span, Bytes size) const {
  if (span.copies == 1) return 0;
  const int copy =
      geometry().level() == Level::raid1 ? choose_raid1(span, size) : choose_raid10(span, size);
  if (copy < 0) throw sim::ModelError{"no copy is left to read"};
  return copy;
}

int Copies::choose_raid1(const Span& span, Bytes size) const {
  int fewest = -1;
  int nearest = -1;
  int least_pending = std::numeric_limits<int>::max();
  std::int64_t least_distance = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < span.copies; ++i) {
    const Place place = span.at[static_cast<std::size_t>(i)];
    if (!readable(place.member, place.offset, size)) continue;
    if (place.offset + size > synced()) return i;
    const Member& m = member(place.member);
    const bool sequential = m.read_end == place.offset && place.offset.count() > 0;
    if (description().rotational && sequential) return i;
    if (m.pending < least_pending) {
      least_pending = m.pending;
      fewest = i;
    }
    const std::int64_t distance = std::llabs((m.head - place.offset).count());
    if (distance < least_distance) {
      least_distance = distance;
      nearest = i;
    }
  }
  return !description().rotational || least_pending == 0 ? fewest : nearest;
}

int Copies::choose_raid10(const Span& span, Bytes size) const {
  int best = -1;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < span.copies; ++i) {
    const Place place = span.at[static_cast<std::size_t>(i)];
    if (!readable(place.member, place.offset, size)) continue;
    if (place.offset + size > synced()) return i;
    const Member& m = member(place.member);
    std::int64_t distance = 0;
    if (!description().rotational) {
      distance = m.pending;
    } else if (description().layout != Layout::near) {
      distance = place.offset.count();
    } else if (m.pending > 0) {
      distance = std::llabs((m.head - place.offset).count());
    } else {
      return i;
    }
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

// --- rebuild ---

// What the copies of a part say: where it is read and where it is written. After a crash each part
// counts once, where its first copy lies.
Copies::Transfer Copies::transfer(int target, int self, Bytes offset, const Span& span,
                                  Bytes size) const {
  Transfer transfer{{-1, {}, size}, {}};
  for (int i = 0; i < span.copies; ++i) {
    const Place place = span.at[static_cast<std::size_t>(i)];
    const Piece piece{place.member, place.offset, size};
    const bool current = readable(place.member, place.offset, size);
    if (target >= 0 && place.member == target && place.offset == offset) {
      transfer.to.push_back(piece);
    } else if (current && transfer.from.member < 0) {
      transfer.from = piece;
    } else if (current && target < 0) {
      transfer.to.push_back(piece);
    }
  }
  const Piece& from = transfer.from;
  const bool own = target >= 0 ? from.member >= 0 : from.member == self && from.offset == offset;
  if (!own) transfer.to.clear();
  return transfer;
}

sim::Task<> Copies::restore(int target, Bytes offset, Bytes size) {
  const Bytes end = offset + size;
  std::vector<Transfer> transfers;
  const int first = target < 0 ? 0 : target;
  const int last = target < 0 ? geometry().members() - 1 : target;
  for (int self = first; self <= last; ++self) {
    for (Bytes at = offset; at < end;) {
      const Span span = geometry().span_at(self, at);
      if (span.size.count() == 0) break;
      const Bytes part = std::min(span.size, end - at);
      Transfer next = transfer(target, self, at, span, part);
      at += part;
      if (next.to.empty()) continue;
      if (transfers.empty() || !transfers.back().extend(next)) transfers.push_back(next);
    }
  }
  sim::Join join{engine()};
  for (Transfer& each : transfers) join.add(copy(std::move(each)));
  co_await join.all();
}

bool Copies::Transfer::extend(const Transfer& next) {
  const auto follows = [](const Piece& one, const Piece& two) {
    return one.member == two.member && one.offset + one.size == two.offset;
  };
  if (to.size() != 1 || next.to.size() != 1) return false;
  if (!follows(from, next.from) || !follows(to.front(), next.to.front())) return false;
  from.size += next.from.size;
  to.front().size += next.to.front().size;
  return true;
}

sim::Task<> Copies::copy(Transfer transfer) {
  co_await submit_rebuild(transfer.from, Operation::read);
  sim::Join join{engine()};
  for (const Piece& piece : transfer.to) join.add(submit_rebuild(piece, Operation::write));
  co_await join.all();
}

}  // namespace models::storage::raid
