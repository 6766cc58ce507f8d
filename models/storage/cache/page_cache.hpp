// A page cache of finite size above a block device: of a guest, or of a host whose VMM does not
// pass it by (cache=writeback, writethrough, unsafe).
//
// Models  reads from memory at the speed of a copy, read-ahead that doubles on sequential reads and
//         goes on beside the reader, pages that are already being read waited for; writes into
//         memory, the first part of a page read if only part of it is written; dirty pages written
//         back in order of place when they are old or many, writers held at dirty_ratio; fsync as
//         write-back of everything dirty and a flush, or ignored.
// Omits   several files of one cache (one cache a disk), two-list replacement, coherence of
//         O_DIRECT with cached pages.
// Source  semantics.md 6.3 (qemu-options.hx); mm/readahead.c, mm/page-writeback.c (recall).
// Checked tests/models/storage/cache/page_cache_test.cpp.
#pragma once

#include <vector>

#include "models/storage/backlog.hpp"
#include "models/storage/block_device.hpp"
#include "models/storage/cache/description.hpp"
#include "models/storage/cache/page_table.hpp"
#include "sim/random.hpp"

namespace models::storage::cache {

class PageCache : public BlockDevice {
 public:
  // The thread in whose call a request comes copies between the cache and itself and takes pages
  // for what is read; for requests of nobody's both are free.
  PageCache(BlockDevice& below, const Description& description);
  PageCache(const PageCache&) = delete;
  PageCache& operator=(const PageCache&) = delete;

  sim::Engine& engine() override { return below_.engine(); }
  sim::Bytes capacity() const override { return below_.capacity(); }
  sim::Task<> serve(Request request) override;
  const Stats& stats() const { return stats_; }
  sim::Bytes cached() const { return sim::Bytes{pages_.pages() * PageTable::kPage}; }
  void drop_clean() { pages_.drop_clean(0); }  // posix_fadvise(POSIX_FADV_DONTNEED) of everything
  Backlog backlog() const {
    return {sim::Bytes{unwritten() * PageTable::kPage}, stats_.written_back};
  }
  sim::Bytes dirty() const { return sim::Bytes{pages_.dirty() * PageTable::kPage}; }

 private:
  struct Stream {  // of sequential reads (struct file_ra_state)
    int id = 0;
    std::int64_t next = 0;     // page that a sequential reader asks for next
    std::int64_t start = 0;    // window under way or read
    std::int64_t window = 0;   // pages
    std::int64_t marker = -1;  // page whose reading starts the next window
  };

  sim::Task<> read(Request request);
  sim::Task<> write(Request request);
  sim::Task<> flush(Request request);
  sim::Task<> write_back_range(std::int64_t from, std::int64_t end, Thread* by);
  sim::Task<> call(Thread* by, sim::Duration entry, sim::Bytes copied);
  sim::Task<> fetch(std::int64_t first, std::int64_t count, Request asking);
  sim::Process fetch_ahead(sim::Engine& engine, std::int64_t first, std::int64_t count, int stream);
  sim::Task<> make_present(std::int64_t first, std::int64_t count, const Request& asking);
  sim::Task<> write_back(sim::Instant before, std::int64_t enough, bool awaited, Thread* by);
  sim::Process background(sim::Engine& engine, sim::Instant before, std::int64_t enough);
  sim::Task<> write_run(PageTable::Run run, bool awaited, Thread* by);
  sim::Task<> hold_writer(Waits* waits);
  sim::Task<> make_room(Waits* waits);
  void start_background(sim::Instant before, std::int64_t enough);
  void wake_up();

  Stream& stream(int id);
  std::int64_t first_window(std::int64_t pages) const;
  std::int64_t end_page() const;
  std::int64_t unwritten() const { return pages_.dirty() + writing_pages_; }
  bool being_read(std::int64_t first, std::int64_t count) const;
  void warm_up(std::int64_t first, std::int64_t count);

  BlockDevice& below_;
  Description description_;
  PageTable pages_;
  sim::Random random_;
  std::int64_t read_ahead_;  // pages, at most
  std::int64_t background_limit_;
  std::int64_t dirty_limit_;
  std::vector<Stream> streams_;
  std::vector<PageTable::Run> reading_;
  sim::Signal read_done_;
  int writing_ = 0;                 // runs of write-back under way
  std::int64_t writing_pages_ = 0;  // of them
  sim::Signal written_;
  bool in_background_ = false;
  sim::Event flusher_;  // every dirty_writeback while anything is dirty
  bool flusher_armed_ = false;
  Stats stats_;
};

}  // namespace models::storage::cache
