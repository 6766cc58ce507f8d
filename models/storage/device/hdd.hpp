// A hard disk: one arm over turning platters, which chooses among its commands.
//
// The arm chooses by seek and rotation together among up to `ncq_depth` commands and the writes in
// its cache, and by how long somebody waits for them (aged shortest positioning time first):
//   effective = positioning - w x waited,   w = longest positioning / age_limit
// so that one who waits `age_limit` longer goes before whatever is nearer. Writes in the cache wait
// for an idle arm unless the cache is full or a flush waits. After a read the head reads on until
// the arm is needed or the segment is full, so that a stream of reads loses no rotation.
//
// Models  seek, rotation, zones (platter.hpp), native command queueing, volatile write cache with
//         merging and flushes, read-ahead into segments, command overhead, interface.
// Omits   errors and remapping, shingling, media caches on the platters, idle spin-down; the share
//         of a read's transfer over the interface that outlasts the media.
// Source  Ruemmler, Wilkes 1994; Worthington, Ganger, Patt: Scheduling algorithms for modern disk
//         drives (SIGMETRICS 1994): ASPTF, a weight of 6 ms/s costs little throughput and halves
//         the longest waits [recall].
// Checked tests/models/storage/device/hdd_test.cpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <vector>

#include "models/storage/device/drive.hpp"
#include "models/storage/device/platter.hpp"
#include "models/storage/places.hpp"
#include "sim/event.hpp"
#include "sim/server.hpp"

namespace models::storage::device {

struct HddConfig {
  PlatterConfig platter{};
  sim::Duration write_settle{500'000'000};      // more than a seek to read takes, 0.5 ms
  sim::Duration command_overhead{100'000'000};  // of the controller, one command at a time
  sim::BytesPerSecond interface_rate{550e6};
  int ncq_depth = 32;
  sim::Duration age_limit{4'000'000'000'000};  // 4 s: some 6 ms/s
  sim::Bytes segment{2 << 20};                 // read ahead beyond what was asked
  int segments = 16;
  bool write_cache = true;
  sim::Bytes cache{32 << 20};  // for writes
  int cached_writes = 64;      // places in it; adjacent writes share one
};

class Hdd final : public Drive {
 public:
  struct Stats {
    std::uint64_t media_reads = 0;   // that needed the arm
    std::uint64_t media_writes = 0;  // adjacent ones merged in the cache count once
    std::uint64_t buffer_hits = 0;   // reads served from segments or from the write cache
  };

  Hdd(sim::Engine& engine, const HddConfig& config, sim::Bytes capacity);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(Request request) override;
  const Stats& stats() const { return stats_; }

 private:
  // What the arm has to do: a command, which somebody awaits, or a cached write.
  struct Access {
    Hdd* disk;
    sim::Bytes offset;
    sim::Bytes size;
    bool write;
    sim::Instant arrived;
    std::uint64_t number;  // order of arrival
    Platter::Place place;
    std::coroutine_handle<> waiter{};
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
    sim::Bytes end() const { return offset + size; }
  };
  // A write that waits for room in the cache.
  struct Entry {
    Hdd* disk;
    sim::Bytes offset;
    sim::Bytes size;
    sim::Instant arrived;
    std::coroutine_handle<> waiter{};
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };
  // A flush waits for cached writes numbered below its own.
  struct Flush {
    Hdd* disk;
    std::uint64_t number;
    sim::Instant arrived;
    std::coroutine_handle<> waiter{};
    bool await_ready() const noexcept { return disk->oldest_dirty() >= number; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };
  struct Span {
    sim::Bytes begin;
    sim::Bytes end;
  };
  // The head reads on: it was at `from` at `since` and stops at `limit`; in the buffer from
  // `begin`.
  struct ReadAhead {
    bool active = false;
    sim::Bytes begin{};
    sim::Bytes from{};
    sim::Instant since{};
    sim::Bytes limit{};
  };

  sim::Task<> read(Request request);
  sim::Task<> write(Request request);
  Access access(sim::Bytes offset, sim::Bytes size, bool write);

  sim::Bytes read_up_to() const;
  void read_on(sim::Bytes wanted);
  void leave_track();
  bool buffered(Span span);
  sim::Bytes known_up_to(Span span) const;
  void forget(Span span);

  bool room(const Entry& entry) const;
  void absorb(const Entry& entry);
  bool adjacent(const Access& cached, const Entry& entry) const;
  std::uint64_t oldest_dirty() const;

  Platter::Place head() const;
  sim::Duration positioning(const Access& access, const Platter::Place& from) const;
  sim::Duration awaited(const Access& access) const;
  bool streams(const Access& access) const;
  void start_next();
  void begin(const Access& access);
  void finish();
  void cached_write_done();

  sim::Engine& engine_;
  HddConfig config_;
  sim::Bytes capacity_;
  Platter platter_;
  Places places_;
  sim::Server controller_;
  sim::Server interface_;
  double age_weight_;  // of positioning, for each second waited
  std::uint64_t next_number_ = 0;

  std::vector<Access*> commands_;
  std::vector<Access> dirty_;  // cached writes
  sim::Bytes dirty_bytes_{};   // that of the arm included
  std::vector<Entry*> blocked_;
  std::vector<Flush*> flushes_;
  std::vector<Span> segments_;  // a ring
  std::size_t next_segment_ = 0;
  ReadAhead ahead_;
  sim::Bytes head_{};  // where it was last

  bool busy_ = false;
  bool destaging_ = false;
  Access current_;
  std::coroutine_handle<> current_waiter_;
  sim::Event done_;
  Stats stats_;
};

}  // namespace models::storage::device
