#include "models/storage/raid/geometry.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <utility>

#include "sim/error.hpp"

using namespace models::storage::raid;
using namespace sim::literals;
using sim::Bytes;

namespace {

Geometry geometry(Level level, std::vector<Bytes> sizes, Layout layout = Layout::near,
                  int copies = 2) {
  Description description;
  description.level = level;
  description.layout = layout;
  description.copies = copies;
  description.chunk = 64_KiB;
  return Geometry{description, sizes};
}

std::vector<Bytes> equal(int disks, Bytes size = 1_MiB) {
  return std::vector<Bytes>(static_cast<std::size_t>(disks), size);
}

// Member and chunk on it of each copy.
std::vector<std::pair<int, int>> places(const Geometry& array, int chunk) {
  const Span span = array.span(64_KiB * chunk);
  std::vector<std::pair<int, int>> all;
  for (int i = 0; i < span.copies; ++i) {
    const Place& place = span.at[static_cast<std::size_t>(i)];
    all.emplace_back(place.member, static_cast<int>(place.offset / 64_KiB));
  }
  return all;
}

using Places = std::vector<std::pair<int, int>>;

}  // namespace

TEST_CASE("raid0 goes round its disks chunk by chunk", "[raid]") {
  const Geometry array = geometry(Level::raid0, equal(3));
  CHECK(array.capacity() == 3_MiB);
  CHECK(places(array, 0) == Places{{0, 0}});
  CHECK(places(array, 1) == Places{{1, 0}});
  CHECK(places(array, 5) == Places{{2, 1}});
  const Span span = array.span(64_KiB + 4_KiB);
  CHECK(span.size == 60_KiB);
  CHECK(span.at[0].offset == 4_KiB);
}

TEST_CASE("raid0 of unequal disks has a zone for each size", "[raid]") {
  // 256, 128, 384 KiB: 6 chunks on all, then 2 each on disks 0 and 2, then 2 on disk 2 alone.
  const Geometry array = geometry(Level::raid0, {256_KiB, 128_KiB, 384_KiB});
  CHECK(array.capacity() == 768_KiB);
  CHECK(places(array, 5) == Places{{2, 1}});
  CHECK(places(array, 6) == Places{{0, 2}});
  CHECK(places(array, 7) == Places{{2, 2}});
  CHECK(places(array, 9) == Places{{2, 3}});
  CHECK(places(array, 10) == Places{{2, 4}});
  CHECK(places(array, 11) == Places{{2, 5}});
  CHECK(array.span(64_KiB * 10).size == 128_KiB);
}

TEST_CASE("a linear array fills one disk after the other", "[raid]") {
  const Geometry array = geometry(Level::linear, {100_KiB, 50_KiB});
  CHECK(array.capacity() == 150_KiB);
  CHECK(array.span(90_KiB).size == 10_KiB);
  CHECK(array.span(110_KiB).at[0].member == 1);
  CHECK(array.span(110_KiB).at[0].offset == 10_KiB);
}

TEST_CASE("raid1 has everything on every disk, as much as the smallest holds", "[raid]") {
  const Geometry array = geometry(Level::raid1, {2_MiB, 1_MiB, 3_MiB});
  CHECK(array.capacity() == 1_MiB);
  CHECK(array.span(5_KiB).copies == 3);
}

// The left-symmetric layout of 4 disks, a row a stripe:
//   D0 D1 D2 P
//   D4 D5 P  D3
//   D8 P  D6 D7
//   P  D9 D10 D11
TEST_CASE("raid5 is left-symmetric", "[raid]") {
  const Geometry array = geometry(Level::raid5, equal(4));
  CHECK(array.capacity() == 3_MiB);
  const int expected[] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0};
  for (int chunk = 0; chunk < 13; ++chunk) {
    const ParityPiece piece = array.piece(64_KiB * chunk);
    INFO(chunk);
    CHECK(piece.member == expected[chunk]);
    CHECK(piece.stripe == chunk / 3);
    CHECK(piece.offset == 64_KiB * (chunk / 3));
  }
  CHECK(array.parity(0) == 3);
  CHECK(array.parity(3) == 0);
  CHECK(array.parity(4) == 3);
  CHECK(array.syndrome(0) == -1);
}

// 4 disks: D0 D1 P Q would be left-asymmetric's; md: P on n - 1, Q on 0, data from 1 on.
TEST_CASE("raid6 puts Q behind P and data behind Q", "[raid]") {
  const Geometry array = geometry(Level::raid6, equal(5));
  CHECK(array.capacity() == 3_MiB);
  CHECK(array.parity(0) == 4);
  CHECK(array.syndrome(0) == 0);
  CHECK(array.piece(Bytes{}).member == 1);
  CHECK(array.piece(64_KiB * 2).member == 3);
  CHECK(array.parity(1) == 3);
  CHECK(array.syndrome(1) == 4);
  CHECK(array.piece(64_KiB * 3).member == 0);
}

TEST_CASE("raid10 near keeps copies side by side", "[raid]") {
  const Geometry four = geometry(Level::raid10, equal(4));
  CHECK(four.capacity() == 2_MiB);
  CHECK(places(four, 0) == Places{{0, 0}, {1, 0}});
  CHECK(places(four, 1) == Places{{2, 0}, {3, 0}});
  CHECK(places(four, 2) == Places{{0, 1}, {1, 1}});
  const Geometry three = geometry(Level::raid10, equal(3));
  CHECK(three.capacity() == 1536_KiB);
  CHECK(places(three, 1) == Places{{2, 0}, {0, 1}});
  CHECK(places(three, 2) == Places{{1, 1}, {2, 1}});
}

TEST_CASE("raid10 far keeps the second copy in the second half, one disk on", "[raid]") {
  const Geometry array = geometry(Level::raid10, equal(4), Layout::far);
  CHECK(array.capacity() == 2_MiB);  // 16 chunks a disk, stride 8
  CHECK(places(array, 0) == Places{{0, 0}, {1, 8}});
  CHECK(places(array, 3) == Places{{3, 0}, {0, 8}});
  CHECK(places(array, 5) == Places{{1, 1}, {2, 9}});
}

TEST_CASE("raid10 offset keeps the second copy in the next stripe, one disk on", "[raid]") {
  const Geometry array = geometry(Level::raid10, equal(4), Layout::offset);
  CHECK(array.capacity() == 2_MiB);
  CHECK(places(array, 0) == Places{{0, 0}, {1, 1}});
  CHECK(places(array, 3) == Places{{3, 0}, {0, 1}});
  CHECK(places(array, 4) == Places{{0, 2}, {1, 3}});
}

TEST_CASE("no two chunks share a place and each place finds its chunk", "[raid]") {
  for (const Layout layout : {Layout::near, Layout::far, Layout::offset}) {
    for (const int disks : {2, 3, 4, 5, 6}) {
      for (const int copies : {2, 3}) {
        if (copies > disks) continue;
        const Geometry array = geometry(Level::raid10, equal(disks), layout, copies);
        std::set<std::pair<int, int>> used;
        const int chunks = static_cast<int>(array.capacity() / 64_KiB);
        for (int chunk = 0; chunk < chunks; ++chunk) {
          INFO(static_cast<int>(layout) << ' ' << disks << ' ' << copies << ' ' << chunk);
          for (const auto& [member, row] : places(array, chunk)) {
            CHECK(row < 16);
            CHECK(used.emplace(member, row).second);
            const Span back = array.span_at(member, 64_KiB * row);
            CHECK(back.at[0].member == array.span(64_KiB * chunk).at[0].member);
            CHECK(back.at[0].offset == array.span(64_KiB * chunk).at[0].offset);
          }
        }
      }
    }
  }
}

TEST_CASE("impossible arrays say what they need", "[raid]") {
  CHECK_THROWS_WITH(geometry(Level::raid5, equal(2)), "raid5 with 2 disks, needs at least 3");
  CHECK_THROWS_WITH(geometry(Level::raid6, equal(3)), "raid6 with 3 disks, needs at least 4");
  CHECK_THROWS_WITH(geometry(Level::raid1, equal(1)), "raid1 with 1 disks, needs at least 2");
  CHECK_THROWS_WITH(geometry(Level::raid10, equal(2), Layout::near, 3),
                    "raid10 with 2 disks, needs at least 3");
  CHECK_THROWS_WITH(geometry(Level::raid10, equal(2), Layout::near, 1),
                    "raid10 with 1 copies, needs 2 to 16");
  CHECK_THROWS_AS(geometry(Level::raid5, equal(3, 4_KiB)), sim::ConfigError);
  CHECK_THROWS_AS(geometry(Level::raid0, {}), sim::ConfigError);
}
