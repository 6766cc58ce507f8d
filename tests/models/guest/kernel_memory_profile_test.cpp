#include "models/guest/kernel_memory_profile.hpp"

#include <catch2/catch.hpp>

using namespace models::guest;
using namespace sim::literals;

TEST_CASE("a kernel touches 64 bytes a page and hash tables of 8 bytes for 8 and for 16 KiB") {
  CHECK(kernel_touches({}, 2_GiB) == 32_MiB + 2_MiB + 1_MiB);
  CHECK(kernel_touches({.image = 14_MiB}, 2_GiB) == 14_MiB + 35_MiB);
}

TEST_CASE("hash tables have a power of two of buckets") {
  // 3 GiB: 393,216 and 196,608 buckets, rounded up to 524,288 and 262,144
  CHECK(kernel_touches({}, 3_GiB) == 48_MiB + 4_MiB + 2_MiB);
}

TEST_CASE("memory beyond the hole below 4 GiB brings a bounce buffer of 64 MiB") {
  CHECK(kernel_touches({}, 4_GiB) == 64_MiB + 4_MiB + 2_MiB + 64_MiB);
  CHECK(kernel_touches({.swiotlb = false}, 4_GiB) == 64_MiB + 4_MiB + 2_MiB);
}

TEST_CASE("touched memory is in two runs, and in three of each zone") {
  CHECK(touched_runs(2_GiB) == 2 + 3 * 2);
  CHECK(touched_runs(8_GiB) == 2 + 3 * 3);
}
