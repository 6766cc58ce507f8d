// Rebuilding members of a parity array (parity.hpp).
#include <algorithm>

#include "models/storage/raid/parity.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

namespace {

Bytes rows(std::int64_t count) {
  return Bytes{count * kRow_B};
}

}  // namespace

// All others are read and the target's block computed. Without a target all are read, and parity is
// written where it differs (handle_parity_checks5, 6): everywhere on disks that were never in step,
// next to nowhere after a crash.
sim::Task<> Parity::restore(int target, Bytes offset, Bytes size) {
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
