#include "models/storage/raid/copies.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

using Ios = std::pair<int, int>;

Description array_of(Level level, Layout layout = Layout::near) {
  Description description;
  description.level = level;
  description.layout = layout;
  description.chunk = 64_KiB;
  return description;
}

// Which member read last.
int reader(Bench& bench, Bytes offset) {
  bench.ios();
  bench.serve(Operation::read, offset, 4_KiB);
  for (std::size_t i = 0; i < bench.members.size(); ++i) {
    if (!bench.members[i].seen.empty()) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

TEST_CASE("a small write costs one I/O on raid0, two on raid10, one a disk on raid1", "[raid]") {
  Bench raid0{array_of(Level::raid0), 4};
  raid0.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(raid0.ios() == Ios{0, 1});
  for (const Layout layout : {Layout::near, Layout::far, Layout::offset}) {
    for (const int disks : {2, 3, 4, 6}) {
      Bench raid10{array_of(Level::raid10, layout), disks};
      raid10.serve(Operation::write, 64_KiB, 4_KiB);
      CHECK(raid10.ios() == Ios{0, 2});
    }
  }
  Bench raid1{array_of(Level::raid1), 3};
  raid1.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(raid1.ios() == Ios{0, 3});
}

TEST_CASE("without redundancy a write goes to one disk, to each in turn", "[raid]") {
  for (const Level level : {Level::raid1, Level::raid10}) {
    Description description = array_of(level);
    description.redundant = false;
    Bench bench{description, 2};
    bench.serve(Operation::write, 0_KiB, 4_KiB);
    CHECK(bench.members[0].seen.size() == 1);
    CHECK(bench.ios() == Ios{0, 1});
    bench.serve(Operation::write, 64_KiB, 4_KiB);
    CHECK(bench.members[1].seen.size() == 1);
    CHECK(bench.ios() == Ios{0, 1});
    bench.serve(Operation::read, 0_KiB, 4_KiB);
    CHECK(bench.ios() == Ios{1, 0});
  }
}

TEST_CASE("what lies together on a disk is one request to it", "[raid]") {
  Bench raid0{array_of(Level::raid0), 4};
  raid0.serve(Operation::write, 32_KiB, 1_MiB);
  CHECK(raid0.ios() == Ios{0, 4});
  raid0.serve(Operation::read, 0_KiB, 1_MiB);
  CHECK(raid0.ios() == Ios{4, 0});
  Bench raid10{array_of(Level::raid10), 4};
  raid10.serve(Operation::write, 0_KiB, 256_KiB);
  CHECK(raid10.ios() == Ios{0, 4});
  Bench raid1{array_of(Level::raid1), 2};
  raid1.serve(Operation::read, 0_KiB, 1_MiB);
  CHECK(raid1.ios() == Ios{1, 0});
}

TEST_CASE("zeroes are passed on as zeroes", "[raid]") {
  Bench bench{array_of(Level::raid1), 2};
  bench.serve(Operation::write_zeroes, 0_KiB, 1_MiB);
  CHECK(bench.total(Operation::write_zeroes) == 2);
}

TEST_CASE("raid1 stays on the disk of a sequential read", "[raid]") {
  Bench bench{array_of(Level::raid1), 2};
  CHECK(reader(bench, 0_KiB) == 0);
  CHECK(reader(bench, 4_KiB) == 0);
  CHECK(reader(bench, 8_KiB) == 0);
}

TEST_CASE("raid1 of spinning disks prefers an idle one, then the nearest head", "[raid]") {
  Bench bench{array_of(Level::raid1), 2};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  bench.start(Operation::read, 1_MiB, 4_KiB);   // disk 0
  bench.start(Operation::read, 40_MiB, 4_KiB);  // disk 1 is idle
  bench.start(Operation::read, 41_MiB, 4_KiB);  // disk 1 is nearer
  bench.start(Operation::read, 2_MiB, 4_KiB);   // disk 0 is nearer
  bench.engine.run();
  CHECK(bench.members[0].seen[1].offset == 2_MiB);
  CHECK(bench.members[1].seen[0].offset == 40_MiB);
  CHECK(bench.members[1].seen[1].offset == 41_MiB);
}

TEST_CASE("mirrors of solid-state disks read where the fewest requests are", "[raid]") {
  for (const Level level : {Level::raid1, Level::raid10}) {
    Description description = array_of(level);
    description.rotational = false;
    Bench bench{description, 2};
    for (Disk& disk : bench.members) disk.latency = 100_us;
    for (int i = 0; i < 8; ++i) bench.start(Operation::read, 4_KiB * i, 4_KiB);
    bench.engine.run();
    CHECK(bench.members[0].seen.size() == 4);
    CHECK(bench.members[1].seen.size() == 4);
  }
}

TEST_CASE("raid10 far reads the outer copy", "[raid]") {
  Bench bench{array_of(Level::raid10, Layout::far), 4};
  for (Disk& disk : bench.members) disk.latency = 5_ms;
  for (int i = 0; i < 4; ++i) bench.start(Operation::read, 0_KiB, 4_KiB);
  bench.engine.run();
  CHECK(bench.members[0].seen.size() == 4);
}

TEST_CASE("a missing copy is neither read nor written", "[raid]") {
  Description description = array_of(Level::raid10);
  description.failed = {0};
  Bench bench{description, 4};
  CHECK(reader(bench, 0_KiB) == 1);
  bench.ios();
  bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(bench.ios() == Ios{0, 1});
  CHECK(bench.array().state() == State::degraded);
  bench.array().fail(2);
  CHECK(bench.array().state() == State::degraded);
  bench.array().fail(3);
  CHECK(bench.array().state() == State::lost);
}

TEST_CASE("a durable write is durable on each copy", "[raid]") {
  Bench bench{array_of(Level::raid1), 2};
  bench.serve(Operation::write, 0_KiB, 4_KiB, true);
  CHECK(bench.members[0].seen[0].fua);
  CHECK(bench.members[1].seen[0].fua);
}
