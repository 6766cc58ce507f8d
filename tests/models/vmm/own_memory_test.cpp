#include "models/vmm/own_memory.hpp"

#include <catch2/catch.hpp>

using namespace models::vmm;
using namespace sim::literals;

namespace {

constexpr sim::Bytes kSmall = 4_KiB;
constexpr sim::Bytes kLarge = 2_MiB;
constexpr sim::Bytes kHuge = 1_GiB;

MappedMemory small_pages(sim::Bytes memory, sim::Bytes touched) {
  return {.memory = memory, .touched = touched};
}

}  // namespace

TEST_CASE(
    "tables of 1 GiB are 512 + 1 + 1 + 1 pages of small pages, 1 + 1 + 1 of large, 1 + 1 of huge "
    "ones") {
  CHECK(table_pages(1_GiB, kSmall) == 515);
  CHECK(table_pages(1_GiB, kLarge) == 3);
  CHECK(table_pages(1_GiB, kHuge) == 2);
}

TEST_CASE("a table is there as soon as one page of it is mapped") {
  CHECK(table_pages(4_KiB, kSmall) == 4);
  CHECK(table_pages(2_MiB, kSmall) == 4);
  CHECK(table_pages(2_MiB + 4_KiB, kSmall) == 5);
  CHECK(table_pages(1_GiB + 4_KiB, kSmall) == 517);  // and one of the level above
  CHECK(table_pages(513_GiB, kHuge) == 3);
}

TEST_CASE(
    "with half of 1 GiB in large pages, tables of the lowest level are there for the other half") {
  CHECK(
      table_pages({.memory = 1_GiB, .touched = 1_GiB, .large_page = kLarge, .large_share = 0.5}) ==
      256 + 1 + 1 + 1);
  CHECK(table_pages({.memory = 1_GiB, .touched = 1_GiB, .large_page = kHuge, .large_share = 1.0}) ==
        0 + 0 + 1 + 1);
}

TEST_CASE("second-stage tables cost 4096 bytes and 184 of description each, by what is touched") {
  const OwnMemory half = own_memory({}, small_pages(2_GiB, 1_GiB), 1, 0, 0);
  CHECK(half.second_stage == sim::Bytes{515 * (4096 + 184)});
  CHECK(half.host_tables == sim::Bytes{515 * 4096});
  const OwnMemory all = own_memory({}, small_pages(2_GiB, 2_GiB), 1, 0, 0);
  CHECK(all.second_stage == sim::Bytes{(1024 + 2 + 1 + 1) * (4096 + 184)});
}

TEST_CASE("a transparent hugepage leaves its table to the process, a reserved one does not") {
  MappedMemory mapped{.memory = 1_GiB, .touched = 1_GiB, .large_page = kLarge, .large_share = 1.0};
  const OwnMemory transparent = own_memory({}, mapped, 1, 0, 0);
  CHECK(transparent.second_stage == sim::Bytes{3 * (4096 + 184)});
  CHECK(transparent.host_tables == sim::Bytes{515 * 4096});
  mapped.reserved = true;
  CHECK(own_memory({}, mapped, 1, 0, 0).host_tables == sim::Bytes{3 * 4096});
}

TEST_CASE("memory slots of 1 GiB take 8 bytes a page of rmap, 2 of tracking, 4 a large page") {
  // 262,144 small, 512 large pages, 1 huge one
  CHECK(own_memory({}, small_pages(1_GiB, {}), 1, 0, 0).slots == sim::Bytes{513 * 4});
  CHECK(own_memory({.rmap = true}, small_pages(1_GiB, {}), 1, 0, 0).slots ==
        sim::Bytes{513 * 4 + (262'144 + 513) * 8});
  CHECK(own_memory({.rmap = true, .page_track = true}, small_pages(1_GiB, {}), 1, 0, 0).slots ==
        sim::Bytes{513 * 4 + (262'144 + 513) * 8 + 262'144 * 2});
}

TEST_CASE(
    "the process costs its machine, what each device adds, and a bit a page for each bitmap") {
  const OwnMemoryCosts qemu{.code = 8_MiB,
                            .machine = 7_MiB,
                            .vcpu = 256_KiB,
                            .disk = 512_KiB,
                            .nic = 1_MiB,
                            .dirty_bitmaps = 3};
  const OwnMemory own = own_memory(qemu, small_pages(8_GiB, {}), 4, 2, 1);
  // 8 GiB are 2 Mi pages: 256 KiB a bitmap.
  CHECK(own.process == 7_MiB + 1_MiB + 1_MiB + 1_MiB + 768_KiB);
  CHECK(own.code == 8_MiB);
}

TEST_CASE("a pool that is set aside at start takes the tables in, however many there are") {
  const OwnMemoryCosts xen{.pool_vcpu = 1_MiB, .pool_mebibyte = 8_KiB};
  CHECK(own_memory(xen, small_pages(1_GiB, {}), 2, 0, 0).second_stage == 2_MiB + 8_MiB);
  CHECK(own_memory(xen, small_pages(1_GiB, 1_GiB), 2, 0, 0).second_stage == 2_MiB + 8_MiB);
  CHECK(own_memory(xen, small_pages(1_GiB, 1_GiB), 2, 0, 0).host_tables == 0_KiB);
}

TEST_CASE("a container has neither slots nor second-stage tables") {
  MappedMemory mapped = small_pages(1_GiB, 1_GiB);
  mapped.second_stage = false;
  CHECK(own_memory({.kernel_vm = 1_MiB, .rmap = true}, mapped, 1, 0, 0).each() == 0_KiB);
}
