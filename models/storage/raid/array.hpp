// An array of disks that is a disk: what md's kinds and hardware controllers have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/storage/backlog.hpp"
#include "models/storage/block_device.hpp"
#include "models/storage/raid/description.hpp"
#include "models/storage/raid/rebuild.hpp"

namespace models::storage::raid {

enum class State { clean, resyncing, degraded, rebuilding, lost };

// Counts of requests.
struct Stats {
  std::int64_t reads = 0;  // of the array
  std::int64_t writes = 0;
  std::int64_t flushes = 0;
  std::int64_t member_reads = 0;  // for them, those for parity included
  std::int64_t member_writes = 0;
  std::int64_t member_flushes = 0;
  std::int64_t bitmap_writes = 0;  // of pages, each to all members
  std::int64_t rebuild_reads = 0;
  std::int64_t rebuild_writes = 0;
  std::int64_t full_stripes = 0;        // rows of 4 KiB written without a read
  std::int64_t read_modify_writes = 0;  // rows
  std::int64_t reconstruct_writes = 0;  // rows
  std::int64_t computed = 0;            // rows with a block of a missing disk computed
  std::int64_t cache_hits = 0;          // member reads that the stripe cache saved
  std::int64_t delayed = 0;             // rows whose pre-read waited for others
  std::int64_t cached_reads = 0;        // hardware: served from the controller's cache
  std::int64_t written_back = 0;        // hardware: writes from the cache to the disks
};

class Array : public BlockDevice {
 public:
  // The member fails now; a spare takes its place and is rebuilt. Requests that it has are
  // completed. A lost array serves no further request (ModelError).
  virtual void fail(int member) = 0;
  // Of a cache that writes end in.
  virtual Backlog backlog() const { return {}; }
  virtual State state() const = 0;
  virtual Progress rebuild_progress() const = 0;
  virtual Stats stats() const = 0;
};

// `members` with the spares last; they outlive the array. `raid_thread` is raid5d (flushes, and
// all of RAID 5/6 when there are no `group_threads`); a hardware array uses neither.
// Throws ConfigError: "raid5 with 2 disks, needs at least 3".
std::unique_ptr<Array> make_array(sim::Engine& engine, const Description& description,
                                  std::vector<BlockDevice*> members, Thread& raid_thread,
                                  std::vector<Thread*> group_threads = {});

}  // namespace models::storage::raid
