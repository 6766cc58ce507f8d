// What a disk image is: its format and how it was made, and how QEMU opens it.
//
// Source  docs/interop/qcow2.txt; semantics.md 6.2 (block/qcow2.h, qapi/block-core.json).
#pragma once

#include <cstdint>

#include "sim/units.hpp"

namespace models::storage::image {

enum class Format { raw, qcow2 };

// Of qcow2: what qemu-img has allocated beforehand. Of raw: off is sparse, falloc and full are
// written without further allocation, metadata counts as off.
enum class Preallocation { off, metadata, falloc, full };

// Of QEMU; decides which defaults and short cuts the driver has.
struct Release {
  int major = 7;
  int minor = 2;
  constexpr auto operator<=>(const Release&) const = default;
};

struct Description {
  Format format = Format::raw;
  sim::Bytes size{std::int64_t{20} << 30};  // that the guest sees
  Preallocation preallocation = Preallocation::off;
  sim::Bytes allocated{};  // so much of its beginning has been written before, in order

  // Of qcow2.
  sim::Bytes cluster{65536};    // qemu-img's default
  bool extended_l2 = false;     // since 5.2: entries of 16 B, clusters of 32 subclusters
  bool lazy_refcounts = false;  // refcounts may be behind, a dirty bit in the header says so
  int snapshots = 0;            // internal ones, taken when `allocated` was written
  sim::Bytes l2_cache{};        // l2-cache-size; 0 B: the release's default
  sim::Bytes l2_cache_entry{};  // l2-cache-entry-size; 0 B: the release's default
  sim::Bytes refcount_cache{};  // refcount-cache-size; 0 B: the release's default
  sim::Duration cache_clean_interval{600'000'000'000'000};  // 600 s, since 3.1; 0 s: never
  bool zero_clusters = true;  // the file below zeroes ranges without writing them (fallocate)
  sim::Bytes alignment{1};    // of requests to the file: 512 B or 4 KiB with O_DIRECT
  Release release{};
};

// What the image asked of the file or device below it.
struct Stats {
  std::int64_t reads = 0;
  sim::Bytes read_bytes{};
  std::int64_t writes = 0;
  sim::Bytes written_bytes{};
  std::int64_t zeroes = 0;  // fallocate
  std::int64_t syncs = 0;   // fdatasync
  sim::Bytes unwritten{};   // read of what no image of the chain holds: not asked of the file
};

}  // namespace models::storage::image
