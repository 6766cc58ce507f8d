#include "models/storage/device/flash_read_ahead.hpp"

#include <catch2/catch.hpp>

using models::storage::device::FlashReadAhead;

namespace {

constexpr sim::Bytes kPage{16'000};
constexpr sim::Bytes kBlock{4'000};

FlashReadAhead drive(std::int64_t pages) {
  return {kPage, kPage * pages, kPage * 1000};
}
// The pages that the drive begins to read with this access.
std::vector<std::int64_t> begun(FlashReadAhead::Stream stream, FlashReadAhead& ahead) {
  std::vector<std::int64_t> all;
  while (FlashReadAhead::Page* page = ahead.next(stream)) {
    all.push_back(page->offset(kPage).count() / kPage.count());
    page->arrive();
  }
  return all;
}
std::vector<std::int64_t> read(FlashReadAhead& ahead, sim::Bytes offset, sim::Bytes size) {
  return begun(ahead.follow(offset, size), ahead);
}
using Pages = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a drive reads on behind a stream as far as that is long, up to the most", "[flash]") {
  FlashReadAhead ahead = drive(4);
  CHECK(read(ahead, kPage * 10, kPage).empty());
  CHECK(read(ahead, kPage * 11, kPage) == Pages{12, 13});  // two pages so far
  CHECK(read(ahead, kPage * 12, kPage) == Pages{14, 15});  // three
  CHECK(read(ahead, kPage * 13, kPage) == Pages{16, 17});  // four, and no farther
  CHECK(read(ahead, kPage * 14, kPage) == Pages{18});
}

TEST_CASE("blocks of a page have it read once", "[flash]") {
  FlashReadAhead ahead = drive(4);
  CHECK(read(ahead, {}, kBlock).empty());
  CHECK(read(ahead, kBlock, kBlock) == Pages{0});  // two blocks so far: the rest of the page
  CHECK(read(ahead, kBlock * 2, kBlock) == Pages{1});
  CHECK(read(ahead, kBlock * 3, kBlock).empty());
  CHECK(read(ahead, kPage, kBlock) == Pages{2});
}

TEST_CASE("what was read ahead is found until it is overwritten", "[flash]") {
  FlashReadAhead ahead = drive(4);
  read(ahead, {}, kPage);
  read(ahead, kPage, kPage);
  FlashReadAhead::Stream stream = ahead.follow(kPage * 2, kPage);
  CHECK(ahead.find(stream, kPage * 2) != nullptr);
  CHECK(ahead.find(stream, kPage * 3) != nullptr);
  CHECK(ahead.find(stream, kPage * 4) == nullptr);
  ahead.overwrite(kPage * 3 + kBlock, kBlock);
  CHECK(ahead.find(stream, kPage * 2) != nullptr);
  CHECK(ahead.find(stream, kPage * 3) == nullptr);
}

TEST_CASE("no more is read ahead than there is, and no place taken that is on its way", "[flash]") {
  FlashReadAhead ahead = drive(4);
  read(ahead, kPage * 996, kPage);
  CHECK(read(ahead, kPage * 997, kPage) == Pages{998, 999});
  FlashReadAhead slow = drive(1);  // a ring of two
  slow.follow({}, kPage);
  FlashReadAhead::Stream first = slow.follow(kPage, kPage);
  CHECK(slow.next(first) != nullptr);
  CHECK(slow.next(first) == nullptr);
  FlashReadAhead::Stream second = slow.follow(kPage * 2, kPage * 2);  // 4 has the place of 2
  CHECK(slow.next(second) == nullptr);
}
