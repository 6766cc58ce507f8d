#include "models/storage/raid/extents.hpp"

#include <catch2/catch.hpp>

using models::storage::raid::Extent;
using models::storage::raid::Extents;
using sim::Bytes;

namespace {

Extent extent(int begin, int end) {
  return {Bytes{begin}, Bytes{end}};
}

}  // namespace

TEST_CASE("extents that touch become one", "[raid]") {
  Extents set;
  CHECK(set.add(extent(0, 10)) == Bytes{10});
  CHECK(set.add(extent(20, 30)) == Bytes{10});
  CHECK_FALSE(set.covers(extent(5, 25)));
  CHECK(set.add(extent(8, 22)) == Bytes{10});
  CHECK(set.covers(extent(0, 30)));
  CHECK(set.first(Bytes{0}) == extent(0, 30));
  CHECK(set.size() == Bytes{30});
}

TEST_CASE("a hole splits an extent", "[raid]") {
  Extents set;
  set.add(extent(0, 30));
  CHECK(set.remove(extent(10, 20)) == Bytes{10});
  CHECK(set.first(Bytes{5}) == extent(5, 10));
  CHECK(set.first(Bytes{10}) == extent(20, 30));
  CHECK_FALSE(set.first(Bytes{30}));
  CHECK(set.touches(extent(15, 21)));
  CHECK_FALSE(set.touches(extent(10, 20)));
  CHECK(set.remove(extent(0, 100)) == Bytes{20});
  CHECK(set.empty());
}
