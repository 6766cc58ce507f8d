#include "models/storage/volume/volume.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::volume;
using namespace fake;

namespace {

sim::Process one(sim::Engine&, BlockDevice& device, Request request, sim::Instant& ended) {
  co_await device.serve(request);
  ended = device.engine().now();
}

struct Volumes {
  explicit Volumes(Description given) : description{given} {
    for (int i = 0; i < 3; ++i) disks.emplace_back(engine, 1_MiB);
  }
  sim::Instant serve(Operation operation, Bytes offset, Bytes size) {
    if (!volume) volume.emplace(engine, description, parts);
    for (Disk& disk : disks) disk.seen.clear();
    Request request;
    request.operation = operation;
    request.offset = offset;
    request.size = size;
    sim::Instant ended{};
    engine.spawn(one(engine, *volume, request, ended));
    engine.run();
    return ended;
  }
  sim::Engine engine;
  Description description;
  std::deque<Disk> disks;
  std::vector<Part> parts;
  std::optional<Volume> volume;
};

}  // namespace

TEST_CASE("a linear volume goes through its parts one after the other", "[volume]") {
  Volumes bench{{}};
  bench.parts = {{&bench.disks[0], 512_KiB, 0_KiB}, {&bench.disks[2], 0_KiB, 256_KiB}};
  bench.serve(Operation::write, 500_KiB, 24_KiB);
  CHECK(bench.volume->capacity() == 768_KiB);
  REQUIRE(bench.disks[0].seen.size() == 1);
  CHECK(bench.disks[0].seen[0].offset == 1012_KiB);
  CHECK(bench.disks[0].seen[0].size == 12_KiB);
  REQUIRE(bench.disks[2].seen.size() == 1);
  CHECK(bench.disks[2].seen[0].offset == 0_KiB);
  CHECK(bench.disks[2].seen[0].size == 12_KiB);
}

TEST_CASE("a striped volume goes round its parts", "[volume]") {
  Volumes bench{{.kind = Kind::striped}};
  for (Disk& disk : bench.disks) bench.parts.push_back({&disk, 64_KiB, {}});
  bench.serve(Operation::read, 64_KiB * 4 + 4_KiB, 4_KiB);
  CHECK(bench.volume->capacity() == 64_KiB * 45);
  REQUIRE(bench.disks[1].seen.size() == 1);
  CHECK(bench.disks[1].seen[0].offset == 64_KiB * 2 + 4_KiB);
  bench.serve(Operation::read, 0_KiB, 64_KiB * 6);
  for (const Disk& disk : bench.disks) {
    REQUIRE(disk.seen.size() == 1);
    CHECK(disk.seen[0].size == 128_KiB);
  }
}

TEST_CASE("remapping takes its time, each request once", "[volume]") {
  Volumes bench{{.remap = 2_us}};
  bench.parts = {{&bench.disks[0], {}, {}}, {&bench.disks[1], {}, {}}};
  CHECK(bench.serve(Operation::read, 1_MiB - 4_KiB, 8_KiB) == sim::Instant{2_us});
}

TEST_CASE("a flush goes to each physical volume once", "[volume]") {
  Volumes bench{{}};
  bench.parts = {
      {&bench.disks[0], {}, 64_KiB}, {&bench.disks[0], 64_KiB, 64_KiB}, {&bench.disks[1], {}, {}}};
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.disks[0].count(Operation::flush) == 1);
  CHECK(bench.disks[1].count(Operation::flush) == 1);
  CHECK(bench.disks[2].count(Operation::flush) == 0);
}

TEST_CASE("a volume that does not fit is refused", "[volume]") {
  Volumes bench{{.size = 3_MiB}};
  CHECK_THROWS_AS((Volume{bench.engine, bench.description, {}}), sim::ConfigError);
  CHECK_THROWS_AS((Volume{bench.engine, bench.description, {{&bench.disks[0], {}, {}}}}),
                  sim::ConfigError);
  bench.description.size = {};
  CHECK_THROWS_AS((Volume{bench.engine, bench.description, {{&bench.disks[0], 1_MiB, {}}}}),
                  sim::ConfigError);
}
