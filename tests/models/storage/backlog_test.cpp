#include "models/storage/backlog.hpp"

#include <catch2/catch.hpp>

using models::storage::Backlog;
using models::storage::still_fills;
using namespace sim::literals;

TEST_CASE("a cache that keeps most of what is written to it still fills") {
  const Backlog before{.unwritten = 10_MiB, .written = 5_MiB};
  const std::string words =
      still_fills("the cache", before, {.unwritten = 40_MiB, .written = 15_MiB});
  CHECK(words.starts_with("the cache kept 75 % of what was written to it (31.5 MB)"));
  CHECK(still_fills("", before, {.unwritten = 14_MiB, .written = 15_MiB}).empty());  // steady
  CHECK(still_fills("", before, {.unwritten = 8_MiB, .written = 15_MiB}).empty());   // it empties
  CHECK(still_fills("", before, {.unwritten = 10'500_KiB, .written = 5_MiB}).empty());  // a trifle
}
