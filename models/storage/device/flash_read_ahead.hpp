// What a flash drive reads before it is asked: the next pages of streams of reads.
//
// A read that goes on where another ended is of a stream (runs.hpp). The drive reads on behind it
// as far as the stream is long by then, at most `most`, into a ring of pages of its memory; a read
// of these waits for what is still on its way, and for no die.
//
// Models  streams side by side and among random reads, a distance that grows with the stream.
// Omits   streams backwards or with strides, the size of the memory; pages give way to later ones
//         of their stream, or of the one that takes its place.
// Source  Memblaze: SSD read-ahead, PBlaze7 7940 (technical article 698): 4 KiB at depth 1 in
//         sequence take 6 us, without read-ahead 57. Intel SSD DC P3700, product specification:
//         20 us in sequence, where random reads take over 80 [recall].
// Checked tests/models/storage/device/flash_read_ahead_test.cpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "models/storage/device/runs.hpp"
#include "sim/units.hpp"

namespace models::storage::device {

class FlashReadAhead {
 public:
  // Of a drive's memory.
  class Page {
   public:
    // co_await page.ready();
    struct Ready {
      Page& page;
      Ready* next = nullptr;
      std::coroutine_handle<> waiter{};
      bool await_ready() const noexcept { return !page.on_its_way_; }
      void await_suspend(std::coroutine_handle<> waiting) {
        waiter = waiting;
        Ready** last = &page.waiting_;
        while (*last != nullptr) last = &(*last)->next;
        *last = this;
      }
      void await_resume() const noexcept {}
    };
    Ready ready() { return Ready{*this}; }
    void arrive();
    sim::Bytes offset(sim::Bytes size) const { return size * number_; }

   private:
    friend class FlashReadAhead;
    std::int64_t number_ = -1;
    bool on_its_way_ = false;
    Ready* waiting_ = nullptr;
  };

  // A read's stream.
  struct Stream {
    Page* first;  // of its ring
    std::int64_t wanted_from;
    std::int64_t wanted_to;  // beyond the last
  };

  FlashReadAhead(sim::Bytes page, sim::Bytes most, sim::Bytes capacity);

  // Whose read this is; without pages: no stream's, or the drive reads nothing ahead.
  Stream follow(sim::Bytes offset, sim::Bytes size);
  // Null: not read ahead.
  Page* find(const Stream& stream, sim::Bytes offset);
  // The next page to be read ahead, on its way from here on; null: no more, or its place is taken
  // by one that is on its way.
  Page* next(Stream& stream);
  void overwrite(sim::Bytes offset, sim::Bytes size);

 private:
  Page& place(Page* first, std::int64_t number) { return first[number % ring_]; }

  std::int64_t page_;
  sim::Bytes most_;
  std::int64_t end_;  // of the last page
  std::int64_t ring_;
  Runs runs_;
  std::vector<Page> pages_;  // [stream][place]
};

}  // namespace models::storage::device
