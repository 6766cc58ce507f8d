#include "scenarios/nearest.hpp"

#include <catch2/catch.hpp>

using scenarios::nearest;

TEST_CASE("a mistyped word is near the name that few letters part it from") {
  CHECK(nearest("raid01", {"raid0", "raid5"}) == "raid0");
  CHECK(nearest("memroy", {"memory", "numa"}) == "memory");
  CHECK(nearest("anything", {"memory", "numa"}).empty());
  CHECK(nearest("", {"memory"}).empty());
  CHECK(nearest("RAID10", {"raid0", "raid10"}) == "raid10");
}

TEST_CASE("another program's word is near what it is called here, where there is such a key") {
  CHECK(nearest("iodepth", {"depth", "jobs"}) == "depth");
  CHECK(nearest("use", {"name", "device"}) == "device");
  CHECK(nearest("use", {"name", "size"}).empty());
  CHECK(nearest("hugepages", {"memory", "host_pages"}) == "host_pages");
  CHECK(nearest("cpu_quota", {"cputune", "count"}) == "cputune");
}

TEST_CASE("a part of a name is near it, a number only whole") {
  const std::vector<std::string_view> levels{"linear", "raid0", "raid1", "raid5", "raid10"};
  CHECK(nearest("10", levels) == "raid10");
  CHECK(nearest("0", levels) == "raid0");
  CHECK(nearest("5", levels) == "raid5");
  CHECK(nearest("7", levels).empty());
  CHECK(nearest("blk", {"ide", "virtio-blk", "virtio-scsi"}) == "virtio-blk");
}
