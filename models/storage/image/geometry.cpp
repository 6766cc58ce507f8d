#include "models/storage/image/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::storage::image {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kLeastSlices = 2;    // MIN_L2_CACHE_SIZE
constexpr std::int64_t kLeastBlocks = 4;    // MIN_REFCOUNT_CACHE_SIZE
constexpr std::int64_t kRefcountBytes = 2;  // refcount_bits=16, the default

std::int64_t divide_up(std::int64_t amount, std::int64_t by) {
  return (amount + by - 1) / by;
}

std::int64_t checked_cluster(const Description& d) {
  const std::int64_t bytes = d.cluster.count();
  if (bytes < 512 || bytes > 2 * kMiB || (bytes & (bytes - 1)) != 0) {
    throw sim::ConfigError{
        fmt::format("cluster of {} B, needs a power of two from 512 B to 2 MiB", bytes)};
  }
  if (d.extended_l2 && bytes < 16 * kKiB) {
    throw sim::ConfigError{
        fmt::format("extended_l2 with clusters of {} B, needs at least 16 KiB", bytes)};
  }
  if (d.extended_l2 && d.release < Release{5, 2}) {
    throw sim::ConfigError{fmt::format("extended_l2 with QEMU {}.{}, needs 5.2 or later",
                                       d.release.major, d.release.minor)};
  }
  return bytes;
}

}  // namespace

Geometry::Geometry(const Description& d)
    : size{d.size.count()},
      cluster{checked_cluster(d)},
      entry{d.extended_l2 ? 16 : 8},
      subclusters{d.extended_l2 ? 32 : 1},
      subcluster{cluster / subclusters},
      table_entries{cluster / entry},
      block_clusters{cluster / kRefcountBytes} {
  if (size <= 0) throw sim::ConfigError{fmt::format("image of {} B, needs more than 0", size)};
  if (d.allocated.count() > size) {
    throw sim::ConfigError{fmt::format("{} B allocated of an image of {} B, needs no more than all",
                                       d.allocated.count(), size)};
  }
  const std::int64_t guest = divide_up(size, cluster);
  tables = divide_up(guest, table_entries);
  constexpr std::int64_t kLargestL1 = 32 * kMiB;  // QCOW_MAX_L1_SIZE
  if (tables * 8 > kLargestL1) {
    throw sim::ConfigError{
        fmt::format("image of {} B with clusters of {} B, needs larger clusters", size, cluster)};
  }
  l1_clusters = divide_up(tables * 8, cluster);

  // read_cache_sizes. A release before 3.1 does not know how much the disk needs; slices are since
  // 2.12, chosen for small caches since 4.0.
  const std::int64_t whole_disk = tables * cluster;
  std::int64_t l2_bytes = d.l2_cache.count();
  if (d.release >= Release{3, 1}) {
    l2_bytes = std::min(l2_bytes > 0 ? l2_bytes : 32 * kMiB, whole_disk);
  } else if (l2_bytes == 0) {
    l2_bytes = std::max(8 * cluster, kMiB);
  }
  slice = d.l2_cache_entry.count();
  if (slice == 0) {
    const bool small = d.release >= Release{4, 0} && l2_bytes < whole_disk;
    slice = small ? std::min(4 * kKiB, cluster) : cluster;
  }
  if (slice < 512 || slice > cluster || (slice & (slice - 1)) != 0) {
    throw sim::ConfigError{
        fmt::format("l2_cache_entry of {} B, needs a power of two from 512 B to a cluster's {} B",
                    slice, cluster)};
  }
  slice_entries = slice / entry;
  l2_slices = std::max(l2_bytes / slice, kLeastSlices);
  std::int64_t refcount_bytes = d.refcount_cache.count();
  if (refcount_bytes == 0 && d.release < Release{2, 12}) refcount_bytes = l2_bytes / 4;
  refcount_blocks = std::max(refcount_bytes / cluster, kLeastBlocks);

  const bool whole = d.preallocation != Preallocation::off;
  prefix = whole ? guest : divide_up(d.allocated.count(), cluster);
  prefix_tables = divide_up(prefix, table_entries);
  prefix_end = place(prefix + prefix_tables);
  if (d.snapshots > 0) prefix_end += d.snapshots * l1_clusters + 1;  // L1 copies, their table
  prefix_blocks = divide_up(prefix_end, block_clusters);
  refcount_table = divide_up(prefix_blocks, cluster / 8);
}

std::uint32_t Geometry::touched(std::int64_t begin, std::int64_t end) const {
  const std::int64_t first = begin / subcluster;
  const std::int64_t behind = divide_up(end, subcluster);
  const std::uint64_t below_end = (std::uint64_t{1} << behind) - 1;
  return static_cast<std::uint32_t>(below_end >> first << first);
}

// The n-th cluster after the L1 table when refcount blocks stand between them, the one of a range
// as the last cluster before it.
std::int64_t Geometry::place(std::int64_t in_order) const {
  const std::int64_t n = kL1 + l1_clusters + in_order;
  return n + n / (block_clusters - 1);
}

std::int64_t Geometry::prefix_host(std::int64_t guest) const {
  return place(guest + guest / table_entries + 1);
}

std::int64_t Geometry::prefix_table_host(std::int64_t l1_index) const {
  return place(l1_index * (table_entries + 1));
}

std::int64_t Geometry::prefix_block_host(std::int64_t block) const {
  return block == 0 ? kFirstBlock : block * block_clusters - 1;
}

}  // namespace models::storage::image
