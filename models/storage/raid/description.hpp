// What an array is: level, layout, and what its software or its controller costs.
//
// Read this first; then geometry.hpp (where a byte lies), redundancy.hpp (what an array loses and
// survives), stripe_plan.hpp (what a write on RAID 5/6 reads first), md.hpp and its two kinds
// copies.hpp and parity.hpp, rebuild.hpp, controller.hpp.
#pragma once

#include <vector>

#include "sim/units.hpp"

namespace models::storage::raid {

enum class Level { linear, raid0, raid1, raid5, raid6, raid10 };

// Of RAID 10: copies side by side, in the disks' second part, or one chunk further on.
enum class Layout { near, far, offset };

// CPU time of md. Source md-raid-lists.toml (linux-raid), role calibrate:
//
// 4 KiB write and fsync by one submitter on RAM disks takes 5.08 us without md and on RAID 0 of
//   disks       1     4    16     64    256   1024
//   us       9.26 10.10 13.25  28.82   88.5  294.1
// The rise is one constant: a flush goes to every member, and fio waits for each fsync, so that
// nothing overlaps. T = 5.08 + request + flush + disks * member_flush with request + flush =
// 3.95 us and member_flush = 0.293 us is within 5.2 % of every point: +0.7, +1.0, +3.5, -3.6,
// -5.0, +5.1 % (md_test.cpp). Only the sum of request and flush shows in these points; request
// alone is 0.8 us, about what a split and a cloned bio cost (recall).
//
// 4 KiB random writes on RAID 5 over null_blk, 8 jobs of depth 64, 8 group threads: 463 kIOPS, so a
// write takes 8 / 463k = 17.28 us of a group thread: three passes of the stripe (pre-read,
// reconstruction, completion) and the XOR of 12 KiB (old data, parity, new data) at 10 GB/s,
// 1.23 us; a pass is (17.28 - 1.23) / 3 = 5.35 us, contention among the eight included.
//
// 4 KiB random reads on RAID 5, 64 submitters of one socket: each takes the array's device_lock
// until Linux 5.14 (read_one_chunk, raid5.c before 97ae27252f49), whose lines come from another
// core each time. nvme-md-drive: 114 589 reads/s a drive, 11 drives, 0.79 us from one to the next.
struct Costs {
  sim::Duration request{800'000};          // 0.8 us, submitting a request
  sim::Duration flush{3'150'000};          // 3.15 us, two work items of a flush
  sim::Duration member_flush{293'000};     // 0.293 us, issuing the flush to one member
  sim::Duration read_lock{};               // of each read within a chunk, one after another
  sim::Duration stripe_pass{5'350'000};    // 5.35 us, once through a row's state machine
  sim::BytesPerSecond xor_rate{10e9};      // of bytes read by it (recall: boot message, AVX)
  sim::BytesPerSecond syndrome_rate{8e9};  // RAID 6's Q (recall: raid6 gen(), AVX2)
};

// Write-intent bitmap: which regions a crash may have left out of step.
struct BitmapTunables {
  bool present = false;                    // mdadm: from 100 GB a member
  sim::Bytes chunk{64 << 20};              // 64 MiB (mdadm, internal)
  sim::Duration sleep{5'000'000'000'000};  // 5 s (md.c, daemon_sleep)
};

struct RebuildTunables {
  sim::BytesPerSecond speed_min{1'024'000};    // speed_limit_min 1000 KB/s (md.c)
  sim::BytesPerSecond speed_max{204'800'000};  // speed_limit_max 200000 KB/s (md.c)
  sim::Bytes granule{1 << 20};                 // of a member, one step
  int window = 2;                              // steps under way: 2 MiB, RESYNC_WINDOW (recall)
};

// A RAID controller with a processor and a cache of its own, instead of md.
struct Hardware {
  bool present = false;
  bool battery = true;                         // without one writes go through the cache
  sim::Bytes cache{512 << 20};                 // of recent controllers: 512 MiB to 8 GiB (recall)
  sim::Duration command{15'000'000};           // 15 us of its processor, each command (recall)
  sim::BytesPerSecond parity_rate{4e9};        // bytes read by its XOR engine (recall)
  sim::Duration dirty_age{4'000'000'000'000};  // 4 s, cacheflushint of MegaRAID (recall)
  double dirty_share = 0.5;  // of the cache: above it writes start before their age
  int drains = 16;           // stripes written back at once (recall)
};

struct Description {
  Level level = Level::raid5;
  Layout layout = Layout::near;
  int copies = 2;               // RAID 10; RAID 1 keeps one on each member
  sim::Bytes chunk{512 << 10};  // mdadm's default since 3.1
  bool rotational = true;       // members have heads: reads prefer the nearest
  int stripe_cache = 256;       // stripe_cache_size, rows of 4 KiB per member
  int rmw_level = 1;            // 0: never read-modify-write, 2: also when as cheap
  bool xor_syndrome = true;     // the CPU's RAID 6 routine can update Q; without it rmw_level 0
  // Direct writes do not pre-read at once but wait for more, as those of nobody who waits do: Linux
  // 3.6 (895e3c5c58a8, REQ_NOIDLE) to 4.9 (a2b809672ee6 takes any REQ_SYNC again).
  bool delays_direct = false;
  int group_threads = 0;  // group_thread_cnt; 0: raid5d alone
  Costs costs;
  BitmapTunables bitmap;
  RebuildTunables rebuild;
  bool synced = true;       // false: just created, a resync runs
  bool unclean = false;     // after a crash: a resync of RAID 5/6 finds next to no parity to write
  int spares = 0;           // the last so many of the members wait for a failure
  std::vector<int> failed;  // members that are missing from the start
  Hardware hardware;
  bool redundant = true;  // false: neither copies nor parity are written; to see what they cost
};

}  // namespace models::storage::raid
