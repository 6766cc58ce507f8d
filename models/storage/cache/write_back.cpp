// Writes into the page cache, and dirty pages on their way out of it.
#include <algorithm>

#include "models/storage/cache/page_cache.hpp"
#include "sim/join.hpp"

namespace models::storage::cache {
namespace {

constexpr std::int64_t kPage = PageTable::kPage;

}  // namespace

sim::Task<> PageCache::write(Request request) {
  const std::int64_t begin = request.offset.count();
  const std::int64_t end = begin + request.size.count();
  const std::int64_t first = begin / kPage;
  const std::int64_t last = (end - 1) / kPage;
  warm_up(first, last - first + 1);
  // A page of which only a part is written must be there.
  if (begin % kPage != 0) co_await make_present(first, 1, request);
  if (end % kPage != 0) co_await make_present(last, 1, request);
  co_await make_room(request.waits);
  co_await call(request.by, description_.write_call, request.size);
  pages_.make_dirty(first, last - first + 1, engine().now());
  pages_.shrink();
  if (!flusher_armed_) {
    flusher_armed_ = true;
    flusher_.after(description_.dirty_writeback);
  }
  if (request.fua) {
    co_await flush({.operation = Operation::flush,
                    .stream = request.stream,
                    .waits = request.waits,
                    .by = request.by});
    co_return;
  }
  if (unwritten() > background_limit_) start_background(engine().now(), background_limit_);
  if (unwritten() > dirty_limit_) co_await hold_writer(request.waits);
}

// balance_dirty_pages: a writer above the limit goes at the pace of write-back.
sim::Task<> PageCache::hold_writer(Waits* waits) {
  const CountedWait wait{engine(), waits, &Waits::storage_s};
  const sim::Instant held = engine().now();
  while (unwritten() > dirty_limit_) {
    start_background(engine().now(), background_limit_);
    co_await written_;
  }
  stats_.throttled += engine().now() - held;
}

// When everything cached is dirty, for small caches: wait until some of it is written.
sim::Task<> PageCache::make_room(Waits* waits) {
  while (!pages_.shrink()) {
    if (pages_.dirty() == 0 && writing_ == 0) co_return;
    const CountedWait wait{engine(), waits, &Waits::storage_s};
    start_background(engine().now(), background_limit_);
    co_await written_;
  }
}

sim::Task<> PageCache::flush(Request request) {
  if (description_.mode == Mode::unsafe) co_return;
  {
    const CountedWait wait{engine(), request.waits, &Waits::storage_s};
    if (request.size.count() > 0) {
      co_await write_back_range(request.offset.count() / kPage,
                                (request.offset + request.size).count() / kPage, request.by);
    } else {
      co_await write_back(engine().now(), 0, true, request.by);
    }
    while (writing_ > 0) co_await written_;
  }
  ++stats_.flushes;
  co_await below_.serve(request);
}

sim::Task<> PageCache::write_run(PageTable::Run run, bool awaited, Thread* by) {
  ++writing_;
  writing_pages_ += run.count;
  const sim::Bytes size{std::min(run.count * kPage, below_.capacity().count() - run.first * kPage)};
  co_await below_.serve({.operation = Operation::write,
                         .offset = sim::Bytes{run.first * kPage},
                         .size = size,
                         .synchronous = awaited,
                         .stream = -1,
                         .by = by});
  stats_.written_back += size;
  --writing_;
  writing_pages_ -= run.count;
  written_.fire();
}

// In order of place, what was dirty before `before`, until `enough` dirty pages are left; `awaited`
// by somebody who synchronises (WB_SYNC_ALL), not for the sake of room.
sim::Task<> PageCache::write_back(sim::Instant before, std::int64_t enough, bool awaited,
                                  Thread* by) {
  sim::Join writes{engine()};
  const std::int64_t most = description_.largest_write.count() / kPage;
  std::int64_t from = 0;
  while (pages_.dirty() > enough) {
    const PageTable::Run run = pages_.take_dirty(from, most, before);
    if (run.count == 0) break;
    from = run.first + run.count;
    writes.add(write_run(run, awaited, by));
    while (writes.under_way() >= description_.writes_at_once) co_await written_;
  }
  co_await writes.all();
}

// What is dirty of a file; a run that begins behind its end goes with it.
sim::Task<> PageCache::write_back_range(std::int64_t from, std::int64_t end, Thread* by) {
  sim::Join writes{engine()};
  const std::int64_t most = description_.largest_write.count() / kPage;
  while (pages_.dirty() > 0 && from < end) {
    const PageTable::Run run = pages_.take_dirty(from, most, engine().now());
    if (run.count == 0) break;
    from = run.first + run.count;
    writes.add(write_run(run, true, by));
    while (writes.under_way() >= description_.writes_at_once) co_await written_;
  }
  co_await writes.all();
}

sim::Process PageCache::background(sim::Engine&, sim::Instant before, std::int64_t enough) {
  co_await write_back(before, enough, false, nullptr);
  in_background_ = false;
  written_.fire();
}

void PageCache::start_background(sim::Instant before, std::int64_t enough) {
  if (in_background_) return;
  in_background_ = true;
  engine().spawn(background(engine(), before, enough));
}

void PageCache::wake_up() {
  flusher_armed_ = pages_.dirty() > 0;
  if (!flusher_armed_) return;
  flusher_.after(description_.dirty_writeback);
  if (engine().now() - sim::kStart >= description_.dirty_expire) {
    start_background(engine().now() - description_.dirty_expire, 0);
  }
}

}  // namespace models::storage::cache
