#include "models/storage/cache/page_cache.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::storage::cache {
namespace {

constexpr std::int64_t kPage = PageTable::kPage;

std::int64_t first_page(const Request& request) {
  return request.offset.count() / kPage;
}
std::int64_t page_count(const Request& request) {
  const std::int64_t end = request.offset.count() + request.size.count();
  return (end + kPage - 1) / kPage - first_page(request);
}
std::int64_t share(double ratio, const Description& description) {
  return static_cast<std::int64_t>(ratio * static_cast<double>(description.size.count() / kPage));
}

}  // namespace

PageCache::PageCache(BlockDevice& below, const Description& description)
    : below_{below},
      description_{description},
      pages_{description.size.count() / kPage},
      random_{below.engine().stream("page cache")},
      read_ahead_{description.read_ahead.count() / kPage},
      background_limit_{share(description.dirty_background_ratio, description)},
      dirty_limit_{share(description.dirty_ratio, description)},
      read_done_{below.engine()},
      written_{below.engine()},
      flusher_{sim::Event::calling<&PageCache::wake_up>(below.engine(), *this)} {
  if (description.size.count() < 16 * kPage) {
    throw sim::ConfigError{
        fmt::format("page cache of {} B, needs at least {}", description.size.count(), 16 * kPage)};
  }
  if (description.dirty_background_ratio > description.dirty_ratio) {
    throw sim::ConfigError{fmt::format("dirty_background_ratio {} above dirty_ratio {}",
                                       description.dirty_background_ratio,
                                       description.dirty_ratio)};
  }
}

sim::Task<> PageCache::serve(Request request) {
  switch (request.operation) {
    case Operation::read:
      return read(request);
    case Operation::write:
      return write(request);
    case Operation::write_zeroes:  // fallocate, not data
      return below_.serve(request);
    case Operation::flush:
      break;
  }
  return flush(request);
}

// What a call takes of its thread.
sim::Task<> PageCache::call(Thread* by, sim::Duration entry, sim::Bytes copied) {
  if (by != nullptr) co_await by->work(entry + copied / description_.copy_rate);
}

// --- reads ---

std::int64_t PageCache::end_page() const {
  return (below_.capacity().count() + kPage - 1) / kPage;
}

PageCache::Stream& PageCache::stream(int id) {
  for (Stream& known : streams_) {
    if (known.id == id) return known;
  }
  return streams_.emplace_back(Stream{.id = id});
}

// get_init_ra_size: four times the request, twice a large one, at most read_ahead.
std::int64_t PageCache::first_window(std::int64_t pages) const {
  std::int64_t size = 1;
  while (size < pages) size *= 2;
  if (size <= read_ahead_ / 32) return size * 4;
  if (size <= read_ahead_ / 4) return size * 2;
  return std::max(read_ahead_, pages);
}

bool PageCache::being_read(std::int64_t first, std::int64_t count) const {
  return std::any_of(reading_.begin(), reading_.end(), [&](const PageTable::Run& run) {
    return first < run.first + run.count && run.first < first + count;
  });
}

// What was cached before the simulation began, a group of pages at a time.
void PageCache::warm_up(std::int64_t first, std::int64_t count) {
  if (description_.warm <= 0) return;
  constexpr std::int64_t kTogether = 64;
  for (std::int64_t at = first / kTogether * kTogether; at < first + count; at += kTogether) {
    if (!pages_.touched(at) && random_.uniform() < description_.warm) {
      pages_.insert(at, std::min(kTogether, end_page() - at));
    }
  }
}

sim::Task<> PageCache::fetch(std::int64_t first, std::int64_t count, Request asking) {
  co_await make_room(asking.waits);
  reading_.push_back({first, count});
  if (asking.by != nullptr) co_await asking.by->work(description_.page * count);
  co_await below_.serve(
      {.offset = sim::Bytes{first * kPage},
       .size = sim::Bytes{std::min(count * kPage, below_.capacity().count() - first * kPage)},
       .stream = asking.stream,
       .waits = asking.waits,
       .by = asking.by});
  pages_.insert(first, count);
  pages_.shrink();
  const auto done = std::find_if(reading_.begin(), reading_.end(),
                                 [&](const PageTable::Run& run) { return run.first == first; });
  reading_.erase(done);
  read_done_.fire();
}

sim::Process PageCache::fetch_ahead(sim::Engine&, std::int64_t first, std::int64_t count,
                                    int stream) {
  co_await fetch(first, count, {.stream = stream});
}

sim::Task<> PageCache::make_present(std::int64_t first, std::int64_t count, const Request& asking) {
  for (;;) {
    const PageTable::Run absent = pages_.absent(first, count);
    if (absent.count == 0) co_return;
    if (being_read(absent.first, absent.count)) {
      const CountedWait wait{engine(), asking.waits, &Waits::storage_s};
      co_await read_done_;
    } else {
      co_await fetch(absent.first, absent.count, asking);
    }
  }
}

sim::Task<> PageCache::read(Request request) {
  const std::int64_t first = first_page(request);
  const std::int64_t count = page_count(request);
  warm_up(first, count);
  const PageTable::Run absent = pages_.absent(first, count);
  ++(absent.count == 0 ? stats_.hits : stats_.misses);
  Stream& reader = stream(request.stream);
  const bool sequential = first == reader.next || first + 1 == reader.next;
  const bool at_marker = reader.marker >= first && reader.marker < first + count;
  reader.next = first + count;
  const std::int64_t left = end_page() - first;
  if (absent.count > 0 && !being_read(absent.first, 1) && sequential && read_ahead_ > 0) {
    // Read with the request what will be asked for next; the marker stands behind the request.
    reader.start = absent.first;
    reader.window = std::min({std::max(first_window(count), count), left});
    reader.marker = reader.window > count ? first + count : -1;
    stats_.read_ahead += sim::Bytes{std::max<std::int64_t>(reader.window - count, 0) * kPage};
    const std::int64_t window = std::max(reader.window, absent.first - first + absent.count);
    co_await fetch(absent.first, window - (absent.first - first), request);
  } else if (at_marker) {
    const std::int64_t start = reader.start + reader.window;
    const std::int64_t next = reader.window * (reader.window < read_ahead_ / 16 ? 4 : 2);
    const std::int64_t window = std::min({next, read_ahead_, end_page() - start});
    reader.start = start;
    reader.window = std::max<std::int64_t>(window, 0);
    reader.marker = window > 0 ? start : -1;
    const PageTable::Run ahead = pages_.absent(start, std::max<std::int64_t>(window, 0));
    if (ahead.count > 0 && !being_read(ahead.first, ahead.count)) {
      stats_.read_ahead += sim::Bytes{ahead.count * kPage};
      engine().spawn(fetch_ahead(engine(), ahead.first, ahead.count, request.stream));
    }
  }
  co_await make_present(first, count, request);
  pages_.use(first, count);
  co_await call(request.by, description_.read_call, request.size);
}

}  // namespace models::storage::cache
