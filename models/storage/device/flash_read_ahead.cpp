#include "models/storage/device/flash_read_ahead.hpp"

#include <algorithm>
#include <utility>

namespace models::storage::device {
namespace {

constexpr std::size_t kStreams = 32;  // as a disk's segments; assumption

std::int64_t pages(sim::Bytes size, std::int64_t page) {
  return (size.count() + page - 1) / page;
}

}  // namespace

void FlashReadAhead::Page::arrive() {
  on_its_way_ = false;
  for (Ready* each = std::exchange(waiting_, nullptr); each != nullptr;)
    std::exchange(each, each->next)->waiter.resume();
}

// One page more than is read ahead: a stream's end lies within one.
FlashReadAhead::FlashReadAhead(sim::Bytes page, sim::Bytes most, sim::Bytes capacity)
    : page_{page.count()},
      most_{most},
      end_{capacity.count() / page_},
      ring_{pages(most, page_) + 1},
      runs_{kStreams} {
  if (most_.count() > 0) pages_.resize(kStreams * static_cast<std::size_t>(ring_));
}

FlashReadAhead::Stream FlashReadAhead::follow(sim::Bytes offset, sim::Bytes size) {
  const Runs::Run* run = pages_.empty() ? nullptr : runs_.follow(offset, size);
  if (run == nullptr) return {nullptr, 0, 0};
  const sim::Bytes end = offset + size;
  const std::size_t first = runs_.place(*run) * static_cast<std::size_t>(ring_);
  return {&pages_[first], end.count() / page_,
          std::min(end_, pages(end + std::min(most_, run->length), page_))};
}

FlashReadAhead::Page* FlashReadAhead::find(const Stream& stream, sim::Bytes offset) {
  if (stream.first == nullptr) return nullptr;
  Page& page = place(stream.first, offset.count() / page_);
  return page.number_ == offset.count() / page_ ? &page : nullptr;
}

FlashReadAhead::Page* FlashReadAhead::next(Stream& stream) {
  for (; stream.wanted_from < stream.wanted_to; ++stream.wanted_from) {
    Page& page = place(stream.first, stream.wanted_from);
    if (page.number_ == stream.wanted_from) continue;
    if (page.on_its_way_) return nullptr;
    page.number_ = stream.wanted_from;
    page.on_its_way_ = true;
    return &page;
  }
  return nullptr;
}

void FlashReadAhead::overwrite(sim::Bytes offset, sim::Bytes size) {
  const std::int64_t from = offset.count() / page_;
  const std::int64_t to = pages(offset + size, page_);
  for (std::size_t stream = 0; stream < runs_.places(); ++stream) {
    Page* first = &pages_[stream * static_cast<std::size_t>(ring_)];
    for (std::int64_t number = from; number < std::min(to, from + ring_); ++number) {
      Page& page = place(first, number);
      if (from <= page.number_ && page.number_ < to) page.number_ = -1;
    }
  }
}

}  // namespace models::storage::device
