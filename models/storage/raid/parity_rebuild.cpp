// Rebuilding members of a parity array (parity.hpp).
#include <algorithm>

#include "models/storage/raid/parity.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

namespace {

// Rows that are asked for together: md_do_sync lets go of its plug after 32 pages of each member.
constexpr std::int64_t kTogether = 32;

Bytes rows(std::int64_t count) {
  return Bytes{count * kRow_B};
}

}  // namespace

// Rows go through the stripe cache on their own: some are still read where others are written.
sim::Task<> Parity::restore(int target, Bytes offset, Bytes size) {
  sim::Join all{engine()};
  for (Bytes from{}; from < size; from += rows(kTogether)) {
    all.add(restore_rows(target, offset + from, std::min(rows(kTogether), size - from)));
  }
  co_await all.all();
}

// All others are read and the target's block computed. Without a target all are read, and parity is
// written where it differs (handle_parity_checks5, 6): everywhere on disks that were never in step,
// next to nowhere after a crash.
sim::Task<> Parity::restore_rows(int target, Bytes offset, Bytes size) {
  sim::Join reads{engine()};
  int sources = 0;
  for (int i = 0; i < geometry().members(); ++i) {
    if (i == target || !readable(i, offset, size)) continue;
    ++sources;
    Piece piece{i, offset, size};
    reads.add(submit_rebuild(piece, Operation::read));
  }
  co_await reads.all();
  constexpr int kPasses = 2;  // reads done, writes done
  const std::int64_t count = (size.count() + kRow_B - 1) / kRow_B;
  const Costs& costs = description().costs;
  const Duration time =
      costs.stripe_pass * (kPasses * count) + rows(sources * count) / costs.xor_rate;
  if (time > Duration::zero()) co_await work(time);
  sim::Join writes{engine()};
  if (target >= 0) {
    Piece piece{target, offset, size};
    writes.add(submit_rebuild(piece, Operation::write));
  } else if (!description().unclean) {
    write_parity(offset, size, writes);
  }
  co_await writes.all();
}

void Parity::write_parity(Bytes offset, Bytes size, sim::Join& writes) {
  const std::int64_t chunk = geometry().chunk().count();
  const std::int64_t end = offset.count() + size.count();
  for (std::int64_t at = offset.count(); at < end;) {
    const std::int64_t stripe = at / chunk;
    const std::int64_t next = std::min(end, (stripe + 1) * chunk);
    for (const int i : {geometry().parity(stripe), geometry().syndrome(stripe)}) {
      if (i < 0 || !writable(i)) continue;
      Piece piece{i, Bytes{at}, Bytes{next - at}};
      writes.add(submit_rebuild(piece, Operation::write));
    }
    at = next;
  }
}

}  // namespace models::storage::raid
