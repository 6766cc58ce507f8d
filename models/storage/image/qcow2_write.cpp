// Writes to a qcow2 image: where they go, what is copied around them, when entries are linked.
#include <algorithm>
#include <bit>
#include <utility>

#include "models/storage/image/qcow2.hpp"
#include "models/storage/image/workers.hpp"

namespace models::storage::image {
namespace {

// Head and tail of a cluster are read together when no more than this lies between (perform_cow).
constexpr std::int64_t kMergedRead = 16384;

}  // namespace

// The common case, rewriting clusters in place that are the image's own.
sim::Task<> Qcow2::write(Request request) {
  const std::int64_t offset = request.offset.count();
  const std::int64_t guest = offset / geometry_.cluster;
  if (!request.fua && known_now(offset) &&
      metadata_.map().table(guest / geometry_.table_entries).own) {
    const Extent here = extent(offset, request.size.count());
    bool own = here.host >= 0 && here.bytes == request.size.count();
    const std::int64_t last = (offset + request.size.count() - 1) / geometry_.cluster;
    for (std::int64_t i = guest; own && i <= last; ++i) own = metadata_.map().cluster(i).own;
    if (own) return file_.write(here.host, here.bytes, request.origin());
  }
  return write_pieces(request);
}

sim::Task<> Qcow2::write_pieces(Request request) {
  Workers workers{engine()};
  std::int64_t at = request.offset.count();
  std::int64_t left = request.size.count();
  while (left > 0) {
    Piece piece;
    {
      const CountedWait wait{engine(), request.waits, &Waits::image_s};
      piece = co_await place(at, left);
    }
    const std::int64_t bytes = piece.bytes;
    if (bytes == request.size.count()) {
      co_await write_piece(at, std::move(piece), request.origin());
    } else {
      while (workers.all_busy()) co_await workers.freed;
      workers.join.add(write_worker(workers, at, std::move(piece), request.origin()));
    }
    at += bytes;
    left -= bytes;
  }
  co_await workers.join.all();
  if (request.fua) co_await flush(request.origin());
}

sim::Task<> Qcow2::write_worker(Workers& workers, std::int64_t offset, Piece piece, Origin from) {
  ++workers.busy;
  co_await write_piece(offset, std::move(piece), from);
  workers.done();
}

// How much from `start` on is in no cluster that somebody allocates, and in no subcluster that
// somebody fills, at most `bytes` (handle_dependencies).
std::int64_t Qcow2::undisturbed(std::int64_t start, std::int64_t bytes) const {
  const std::int64_t cluster = geometry_.cluster;
  for (const InFlight& other : in_flight_) {
    const std::int64_t begin = other.begin / cluster * cluster;
    const std::int64_t end = (other.end + cluster - 1) / cluster * cluster;
    if (start + bytes <= begin || start >= end) continue;
    if (other.in_place && (start + bytes <= other.begin || start >= other.end)) continue;
    bytes = std::max<std::int64_t>(begin - start, 0);
  }
  return bytes;
}

// A run in one place of the file, as long as it gets: clusters in place, or new ones, or both when
// they happen to be neighbours (qcow2_alloc_host_offset).
sim::Task<Qcow2::Piece> Qcow2::place(std::int64_t offset, std::int64_t bytes) {
  std::optional<Turn> mine;
  mine.emplace(*this, co_await turn());
  Piece piece;
  while (piece.bytes < bytes) {
    const std::int64_t start = offset + piece.bytes;
    const std::int64_t guest = start / geometry_.cluster;
    const std::int64_t inside = start % geometry_.cluster;
    const std::int64_t left = undisturbed(start, bytes - piece.bytes);
    if (left == 0) {
      if (!piece.allocations.empty()) break;
      mine.reset();
      co_await allocated_;
      mine.emplace(*this, co_await turn());
      piece = {};
      continue;
    }
    const std::int64_t expected = piece.host < 0 ? -1 : piece.host + piece.bytes;

    co_await metadata_.load_own(guest);
    const ClusterMap::Entry entry = metadata_.map().cluster(guest);
    if (entry.own && (geometry_.subclusters > 1 || entry.zeroes == 0)) {
      const std::int64_t host = entry.host * geometry_.cluster + inside;
      if (expected >= 0 && host != expected) break;
      const std::int64_t run = place_in_own(start, left, piece);
      if (piece.host < 0) piece.host = host;
      piece.bytes += run;
      continue;
    }
    if (!co_await place_in_new(start, left, expected, piece)) break;
  }
  co_return piece;
}

// Clusters that are there, in one slice and one after the other in the file; subclusters of them
// that hold no data yet are filled. How many bytes.
std::int64_t Qcow2::place_in_own(std::int64_t start, std::int64_t bytes, Piece& piece) {
  const std::int64_t cluster = geometry_.cluster;
  const std::int64_t guest = start / cluster;
  const std::int64_t inside = start % cluster;
  const Extent alike = extent(start, bytes);
  std::int64_t run = alike.host >= 0 ? alike.bytes : bytes;
  if (geometry_.subclusters > 1) {
    const std::int64_t in_slice = geometry_.slice_entries - guest % geometry_.slice_entries;
    run = std::min(bytes, in_slice * cluster - inside);
  }
  std::int64_t count = 1;
  const std::int64_t host = metadata_.map().cluster(guest).host;
  for (; count * cluster < inside + run; ++count) {
    const ClusterMap::Entry next = metadata_.map().cluster(guest + count);
    if (next.own && next.host == host + count) continue;
    run = count * cluster - inside;
    break;
  }
  if (alike.host >= 0 && alike.bytes >= run) return run;
  // The outer subclusters are copied where they hold no data yet.
  const std::int64_t unit = geometry_.subcluster;
  const std::int64_t last = start + run - 1;
  const std::int64_t head = subcluster(start / unit).host >= 0 ? 0 : start % unit;
  const std::int64_t tail = subcluster(last / unit).host >= 0 ? 0 : unit - 1 - last % unit;
  piece.allocations.push_back({.guest = guest,
                               .host = host,
                               .count = count,
                               .skip = inside - head,
                               .head = head,
                               .data = run,
                               .tail = tail});
  in_flight_.push_back({start - head, start + run + tail, true});
  return run;
}

// Where copying into a new cluster begins when data begins at byte `inside`: at the subcluster, or
// at the first that is in the shared cluster.
std::int64_t Qcow2::copied_from(std::int64_t guest, std::int64_t inside) const {
  const ClusterMap::Entry entry = metadata_.map().cluster(guest);
  std::int64_t first = inside / geometry_.subcluster;
  if (entry.host >= 0) first = std::min<std::int64_t>(first, std::countr_zero(entry.data));
  return first * geometry_.subcluster;
}

// Likewise where it ends behind data that ends in front of byte `end`.
std::int64_t Qcow2::copied_to(std::int64_t guest, std::int64_t end) const {
  const ClusterMap::Entry entry = metadata_.map().cluster(guest);
  std::int64_t behind = (end + geometry_.subcluster - 1) / geometry_.subcluster;
  if (entry.host >= 0) behind = std::max<std::int64_t>(behind, std::bit_width(entry.data));
  return behind * geometry_.subcluster;
}

// New clusters, of one slice; false when those behind `expected` (a byte of the file) are taken.
sim::Task<bool> Qcow2::place_in_new(std::int64_t start, std::int64_t bytes, std::int64_t expected,
                                    Piece& piece) {
  const std::int64_t cluster = geometry_.cluster;
  const std::int64_t guest = start / cluster;
  const std::int64_t inside = start % cluster;
  const std::int64_t most = std::min((inside + bytes + cluster - 1) / cluster,
                                     geometry_.slice_entries - guest % geometry_.slice_entries);
  const ClusterMap::Entry entry = metadata_.map().cluster(guest);
  std::int64_t count = 1;
  std::int64_t host = entry.host;
  if (entry.own) {
    // Zero but allocated: filled where it is.
    if (expected >= 0 && host * cluster + inside != expected) co_return false;
  } else {
    while (count < most && !metadata_.map().cluster(guest + count).own) ++count;
    if (expected < 0) {
      host = co_await metadata_.allocate(count);
    } else {
      host = expected / cluster;
      count = co_await metadata_.allocate_at(host, count);
      if (count == 0) co_return false;
    }
  }
  const std::int64_t data = std::min(bytes, count * cluster - inside);
  const std::int64_t before_last = (count - 1) * cluster;
  const std::int64_t begin = copied_from(guest, inside);
  const std::int64_t end = before_last + copied_to(guest + count - 1, inside + data - before_last);
  piece.allocations.push_back({.guest = guest,
                               .host = host,
                               .count = count,
                               .skip = begin,
                               .head = inside - begin,
                               .data = data,
                               .tail = end - inside - data});
  in_flight_.push_back({guest * cluster + begin, guest * cluster + end, false});
  if (piece.host < 0) piece.host = host * cluster + inside;
  piece.bytes += data;
  co_return true;
}

sim::Task<> Qcow2::write_piece(std::int64_t offset, Piece piece, Origin from) {
  if (piece.allocations.empty()) {
    co_await file_.write(piece.host, piece.bytes, from);
    co_return;
  }
  std::optional<CountedWait> wait;
  Waits* const waits = std::exchange(from.waits, nullptr);  // copies are the image's own
  wait.emplace(engine(), waits, &Waits::image_s);
  co_await zero_new_clusters(piece.allocations);
  // One allocation that holds all of the data takes it along when it copies (merge_cow).
  Allocation& first = piece.allocations.front();
  const bool merged = description_.release >= Release{2, 10} && !first.copied_before &&
                      first.head + first.tail > 0 && first.data == piece.bytes &&
                      first.guest * geometry_.cluster + first.skip + first.head == offset;
  if (merged) {
    co_await copy_around(first, true, from);
    first.copied_before = true;
  } else {
    wait.reset();
    co_await file_.write(piece.host, piece.bytes, {from.stream, from.node, waits});
    wait.emplace(engine(), waits, &Waits::image_s);
  }
  co_await finish(std::move(piece.allocations), from);
}

// handle_alloc_space, since 4.1: what reads as zeroes around the data is not copied; the new
// clusters are zeroed instead.
sim::Task<> Qcow2::zero_new_clusters(std::vector<Allocation>& allocations) {
  if (!description_.zero_clusters || description_.release < Release{4, 1}) co_return;
  for (Allocation& a : allocations) {
    if (a.head + a.tail == 0) continue;
    const std::int64_t begin = a.guest * geometry_.cluster + a.skip;
    if (a.head > 0 && !co_await reads_as_zeroes(sim::Bytes{begin}, sim::Bytes{a.head})) continue;
    if (a.tail > 0 &&
        !co_await reads_as_zeroes(sim::Bytes{begin + a.head + a.data}, sim::Bytes{a.tail})) {
      continue;
    }
    co_await file_.write_zeroes(a.host * geometry_.cluster + a.skip, a.filled());
    a.copied_before = true;
  }
}

// perform_cow, without the lock.
sim::Task<> Qcow2::copy_around(Allocation a, bool with_data, Origin from) {
  const std::int64_t begin = a.guest * geometry_.cluster + a.skip;
  const std::int64_t host = a.host * geometry_.cluster + a.skip;
  const std::int64_t all = a.filled();
  if (a.head > 0 && a.tail > 0 && a.data <= kMergedRead) {
    co_await read(begin, all, from);
  } else {
    if (a.head > 0) co_await read(begin, a.head, from);
    if (a.tail > 0) co_await read(begin + a.head + a.data, a.tail, from);
  }
  if (with_data) {
    co_await file_.write(host, all, from);
  } else {
    if (a.head > 0) co_await file_.write(host, a.head, from);
    if (a.tail > 0) co_await file_.write(host + a.head + a.data, a.tail, from);
  }
  metadata_.depend_on_copied_data();
}

sim::Task<> Qcow2::finish(std::vector<Allocation> allocations, Origin from) {
  for (const Allocation& a : allocations) {
    if (!a.copied_before && a.head + a.tail > 0) co_await copy_around(a, false, from);
    const Turn mine{*this, co_await turn()};
    co_await metadata_.link(a.guest, a.host, a.count, a.skip, a.skip + a.filled());
    const std::int64_t begin = a.guest * geometry_.cluster + a.skip;
    const auto done = std::find_if(in_flight_.begin(), in_flight_.end(),
                                   [&](const InFlight& f) { return f.begin == begin; });
    in_flight_.erase(done);
    allocated_.fire();
  }
}

// Whole subclusters become zero in their entries; what is left at the ends is written.
sim::Task<> Qcow2::write_zeroes(Request request) {
  const std::int64_t unit = geometry_.subcluster;
  const std::int64_t begin = request.offset.count();
  const std::int64_t end = begin + request.size.count();
  const bool to_end = end == geometry_.size;
  const std::int64_t first = (begin + unit - 1) / unit;
  const std::int64_t last = to_end ? (end + unit - 1) / unit : end / unit;
  Request edge{.operation = Operation::write, .stream = request.stream};
  if (first > last || (first == last && end > begin)) {
    edge.offset = request.offset;
    edge.size = request.size;
    if (!co_await reads_as_zeroes(edge.offset, edge.size)) co_await write(edge);
    co_return;
  }
  if (begin < first * unit) {
    edge.offset = sim::Bytes{begin};
    edge.size = sim::Bytes{first * unit - begin};
    if (!co_await reads_as_zeroes(edge.offset, edge.size)) co_await write(edge);
  }
  const std::int64_t slice = geometry_.slice_entries * geometry_.subclusters;
  for (std::int64_t number = first; number < last;) {
    const std::int64_t count = std::min(last - number, slice - number % slice);
    const Turn mine{*this, co_await turn()};
    co_await metadata_.mark_zero(number, count);
    number += count;
  }
  if (!to_end && last * unit < end) {
    edge.offset = sim::Bytes{last * unit};
    edge.size = sim::Bytes{end - last * unit};
    if (!co_await reads_as_zeroes(edge.offset, edge.size)) co_await write(edge);
  }
}

}  // namespace models::storage::image
