#include "models/storage/image/qcow2.hpp"

#include <algorithm>

#include "models/storage/image/workers.hpp"

namespace models::storage::image {

Qcow2::Qcow2(BlockDevice& file, const Description& description, Image* backing)
    : description_{description},
      geometry_{description},
      file_{file, description.alignment},
      backing_{backing},
      metadata_{file_, geometry_, description},
      lock_{file.engine()},
      allocated_{file.engine()},
      flushed_{file.engine()} {}

sim::Bytes Qcow2::largest_file(const Description& description, int snapshots) {
  const Geometry g{description};
  const std::int64_t guest = (g.size + g.cluster - 1) / g.cluster;
  const std::int64_t each = guest + g.tables + g.l1_clusters + 1;
  const std::int64_t clusters = Geometry::kL1 + each * (1 + snapshots + description.snapshots);
  // Refcount blocks, and tables of them that are outgrown: half of what they describe at most.
  return sim::Bytes{(clusters + clusters * 2 / g.block_clusters + clusters / 8 + 64) * g.cluster};
}

sim::Task<> Qcow2::serve(Request request) {
  switch (request.operation) {
    case Operation::read:
      return read(request.offset.count(), request.size.count(), request.origin());
    case Operation::write:
      return write(request);
    case Operation::write_zeroes:
      return write_zeroes(request);
    case Operation::flush:
      break;
  }
  return flush(request.origin());
}

// --- look-ups ---

Qcow2::Extent Qcow2::subcluster(std::int64_t number) const {
  const ClusterMap::Entry entry = metadata_.map().cluster(number / geometry_.subclusters);
  const std::int64_t inside = number % geometry_.subclusters;
  const bool zero = (entry.zeroes >> inside & 1) != 0;
  const bool stored = !zero && (entry.data >> inside & 1) != 0;
  return {.host = stored ? entry.host * geometry_.cluster + inside * geometry_.subcluster : -1,
          .bytes = geometry_.subcluster,
          .zero = zero};
}

// What the entries say that stand in one slice with the first.
Qcow2::Extent Qcow2::extent(std::int64_t offset, std::int64_t bytes) const {
  const std::int64_t unit = geometry_.subcluster;
  const std::int64_t number = offset / unit;
  const std::int64_t inside = offset % unit;
  const std::int64_t wanted = (inside + bytes + unit - 1) / unit;
  const std::int64_t slice = geometry_.slice_entries * geometry_.subclusters;
  const std::int64_t most = std::min(wanted, slice - number % slice);
  const Extent first = subcluster(number);
  std::int64_t count = 1;
  for (; count < most; ++count) {
    const Extent next = subcluster(number + count);
    if (next.zero != first.zero) break;
    if (next.host != (first.host < 0 ? -1 : first.host + count * unit)) break;
  }
  return {.host = first.host < 0 ? -1 : first.host + inside,
          .bytes = std::min(bytes, count * unit - inside),
          .zero = first.zero};
}

sim::Task<Qcow2::Extent> Qcow2::find(std::int64_t offset, std::int64_t bytes) {
  if (!known_now(offset)) {
    const Turn mine{*this, co_await turn()};
    co_await metadata_.load(offset / geometry_.cluster);
    co_return extent(offset, bytes);
  }
  co_return extent(offset, bytes);
}

sim::Task<bool> Qcow2::reads_as_zeroes(sim::Bytes offset, sim::Bytes size) {
  if (!counted_) {
    counted_ = true;
    const Turn mine{*this, co_await turn()};
    co_await metadata_.count_clusters();
  }
  std::int64_t at = offset.count();
  const std::int64_t end = std::min(at + size.count(), geometry_.size);
  while (at < end) {
    const Extent here = co_await find(at, end - at);
    if (here.host >= 0) co_return false;
    if (!here.zero && backing_ != nullptr &&
        !co_await backing_->reads_as_zeroes(sim::Bytes{at}, sim::Bytes{here.bytes})) {
      co_return false;
    }
    at += here.bytes;
  }
  co_return true;
}

// --- reads ---

// The common case, one place and no metadata to load, without a coroutine of its own.
sim::Task<> Qcow2::read(std::int64_t offset, std::int64_t bytes, Origin from) {
  if (known_now(offset)) {
    const Extent here = extent(offset, bytes);
    if (here.bytes == bytes && here.host >= 0) return file_.read(here.host, bytes, from);
  }
  return read_pieces(offset, bytes, from);
}

sim::Task<> Qcow2::read_pieces(std::int64_t offset, std::int64_t bytes, Origin from) {
  Workers workers{engine()};
  const std::int64_t end = offset + bytes;
  for (std::int64_t at = offset; at < end;) {
    Extent here;
    {
      const CountedWait wait{engine(), from.waits, &Waits::image_s};
      here = co_await find(at, end - at);
    }
    if (here.bytes == bytes) {
      co_await read_extent(here, at, from);
      co_return;
    }
    while (workers.all_busy()) co_await workers.freed;
    workers.join.add(read_worker(workers, here, at, from));
    at += here.bytes;
  }
  co_await workers.join.all();
}

sim::Task<> Qcow2::read_worker(Workers& workers, Extent here, std::int64_t offset, Origin from) {
  ++workers.busy;
  co_await read_extent(here, offset, from);
  workers.done();
}

sim::Task<> Qcow2::read_extent(Extent here, std::int64_t offset, Origin from) {
  if (here.host >= 0) {
    co_await file_.read(here.host, here.bytes, from);
    co_return;
  }
  if (here.zero || backing_ == nullptr) {
    file_.read_nothing(here.bytes);
    co_return;
  }
  const std::int64_t there = std::min(here.bytes, backing_->capacity().count() - offset);
  if (there <= 0) co_return;
  co_await backing_->serve({.offset = sim::Bytes{offset},
                            .size = sim::Bytes{there},
                            .stream = from.stream,
                            .node = from.node,
                            .waits = from.waits});
}

// --- the rest ---

sim::Task<> Qcow2::flush(Origin from) {
  while (flushing_) co_await flushed_;
  flushing_ = true;
  {
    const CountedWait wait{engine(), from.waits, &Waits::image_s};
    const Turn mine{*this, co_await turn()};
    co_await metadata_.write_back();
  }
  co_await file_.flush(from);
  flushing_ = false;
  flushed_.fire();
}

sim::Task<> Qcow2::snapshot() {
  co_await flush({});
  const Turn mine{*this, co_await turn()};
  co_await metadata_.snapshot();
}

// Header, backing file's name, extensions, L1 table, refcount table, snapshots; seen with strace.
sim::Task<> Qcow2::open() {
  constexpr std::int64_t kHeader = 112;
  constexpr std::int64_t kExtension = 8;       // type and length
  constexpr std::int64_t kFeatureNames = 384;  // in clusters that have room for them, skipped
  constexpr std::int64_t kBackingFormat = 5;   // "qcow2"
  constexpr std::int64_t kBackingName = 34;    // a path of middling length
  if (description_.alignment.count() > 1) {
    for (const std::int64_t tried : {512, 4096}) co_await file_.read(0, tried);  // O_DIRECT works
  }
  co_await file_.read(0, kHeader);
  co_await file_.read(Geometry::kL1 * geometry_.cluster, geometry_.tables * 8);
  co_await file_.read(Geometry::kRefcountTable * geometry_.cluster,
                      geometry_.refcount_table * geometry_.cluster);
  std::int64_t at = kHeader;
  if (backing_ != nullptr) {
    co_await file_.read(at, kExtension);
    co_await file_.read(at + kExtension, kBackingFormat);
    at += kExtension + 8;  // padded
  }
  co_await file_.read(at, kExtension);
  at += kExtension + kFeatureNames;
  if (geometry_.cluster > 4096) co_await file_.read(at, kExtension);
  if (backing_ != nullptr) co_await file_.read(at + kExtension, kBackingName);
  const std::int64_t list = (geometry_.prefix_end - 1) * geometry_.cluster;
  for (int i = 0; i < description_.snapshots; ++i) {
    // Entry, extra data, id and name of a few letters.
    for (const std::int64_t part : {40, 24, 1, 2}) co_await file_.read(list, part);
  }
  if (backing_ != nullptr) co_await backing_->open();
}

sim::Task<> Qcow2::close() {
  co_await flush({});
  {
    const Turn mine{*this, co_await turn()};
    co_await metadata_.close();
  }
  co_await file_.flush();
  if (backing_ != nullptr) co_await backing_->close();
}

}  // namespace models::storage::image
