// The write-intent bitmap: before the first write to a clean region all members hold that it may
// be out of step; the mark goes when nothing was written for two rounds of the daemon.
//
// Models  the write of the bitmap's page ahead of the data, shared by all that wait for one; marks
//         cleared after 5 to 10 s without writes, the page written again then.
// Omits   which page holds which bits (one page write serves all), bits that stay set while the
//         array is degraded, write-behind.
// Source  semantics.md 7 (md-bitmap.c startwrite, daemon_work).
// Checked tests/models/storage/raid/bitmap_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "models/storage/raid/description.hpp"
#include "models/storage/round.hpp"
#include "sim/event.hpp"

namespace models::storage::raid {

class Bitmap {
 public:
  // `write_page` puts it on all members, durably.
  Bitmap(sim::Engine& engine, const BitmapTunables& tunables,
         std::function<sim::Task<>()> write_page);
  Bitmap(const Bitmap&) = delete;
  Bitmap& operator=(const Bitmap&) = delete;

  sim::Engine& engine() { return engine_; }
  // A write to [offset, offset + size) begins. False: wait for mark() before writing.
  bool enter(sim::Bytes offset, sim::Bytes size);
  sim::Task<> mark(sim::Bytes offset, sim::Bytes size);
  void leave(sim::Bytes offset, sim::Bytes size);
  std::size_t marked() const { return chunks_.size(); }

 private:
  struct Chunk {
    int writers = 0;
    bool durable = false;  // the mark is on the members
    int rounds = 0;        // of the daemon since the last write
  };
  std::int64_t chunk_of(sim::Bytes offset) const { return offset.count() / chunk_B_; }
  std::int64_t last_of(sim::Bytes offset, sim::Bytes size) const {
    return (offset.count() + size.count() - 1) / chunk_B_;
  }
  void clear_idle();
  static sim::Process write_back(sim::Engine&, Bitmap& bitmap);

  sim::Engine& engine_;
  std::int64_t chunk_B_;
  sim::Duration sleep_;
  std::function<sim::Task<>()> write_page_;
  Round page_;
  sim::Event daemon_;
  std::unordered_map<std::int64_t, Chunk> chunks_;
};

}  // namespace models::storage::raid
