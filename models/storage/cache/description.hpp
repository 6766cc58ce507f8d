// A page cache (of the host or of a guest) and how QEMU uses it: cache= of a disk.
//
// Source  semantics.md 6.3 (qemu-options.hx); Documentation/admin-guide/sysctl/vm.rst.
#pragma once

#include "sim/units.hpp"

namespace models::storage::cache {

enum class Mode { none, writethrough, writeback, directsync, unsafe };

constexpr bool direct(Mode mode) {  // O_DIRECT: past the page cache
  return mode == Mode::none || mode == Mode::directsync;
}
constexpr bool write_through(Mode mode) {  // a flush after each write
  return mode == Mode::writethrough || mode == Mode::directsync;
}

struct Description {
  Mode mode = Mode::writeback;  // QEMU's default
  sim::Bytes size{std::int64_t{4} << 30};
  double dirty_background_ratio = 0.10;              // vm.dirty_background_ratio
  double dirty_ratio = 0.20;                         // vm.dirty_ratio
  sim::Duration dirty_expire{30'000'000'000'000};    // vm.dirty_expire_centisecs, 30 s
  sim::Duration dirty_writeback{5'000'000'000'000};  // vm.dirty_writeback_centisecs, 5 s
  sim::Bytes read_ahead{131072};                     // read_ahead_kb
  sim::Bytes largest_write{1310720};                 // of write-back: max_sectors_kb 1280
  int writes_at_once = 32;                           // of write-back, requests under way
  sim::BytesPerSecond copy_rate{6e9};                // one core, memory to memory (recall)
  // Of a call beside copies and pages: cached reads and writes of 512 B and more by pread(2) and
  // pwrite(2) (measured, Linux 6.18 with ext4 in a guest on a Xeon of the fourth generation).
  sim::Duration read_call{320'000};
  sim::Duration write_call{3'500'000};
  // Of a page that is read into the cache: taking it, entering it, its place in the lists. Buffered
  // reads at random, system time of 128 KiB less that of 4 KiB and of the copies: 1.08 us
  // (measured, Linux 6.18 on an EPYC).
  sim::Duration page{1'080'000};
  double warm = 0;  // share of what is below that is cached at first
};

struct Stats {
  std::int64_t hits = 0;  // reads served from memory
  std::int64_t misses = 0;
  sim::Bytes read_ahead{};  // read before anybody asked
  sim::Bytes written_back{};
  std::int64_t flushes = 0;   // passed on
  sim::Duration throttled{};  // writers held at dirty_ratio
};

}  // namespace models::storage::cache
