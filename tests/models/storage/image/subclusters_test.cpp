#include <catch2/catch.hpp>
#include <string>

#include "models/storage/image/qcow2.hpp"
#include "models/storage/image/raw.hpp"
#include "sim/error.hpp"
#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace models::storage::image;
using namespace sim::literals;

namespace {

constexpr sim::Bytes kCluster = 128_KiB;  // of 32 subclusters of 4 KiB

Description extended() {
  return {.format = Format::qcow2, .size = 8_GiB, .cluster = kCluster, .extended_l2 = true};
}

// An image whose first L2 table is there, over a backing image or none.
struct Bench {
  explicit Bench(bool backed, sim::Duration each = 100_us)
      : base_file{engine, each},
        base{base_file, {.size = 8_GiB, .preallocation = Preallocation::full}},
        file{engine, each},
        image{file, extended(), backed ? &base : nullptr} {
    write(0_KiB, kCluster);
    log();
  }
  void serve(Operation operation, sim::Bytes offset, sim::Bytes size) {
    tests::run(engine, image.serve({.operation = operation, .offset = offset, .size = size}));
  }
  void write(sim::Bytes offset, sim::Bytes size) { serve(Operation::write, offset, size); }
  void read(sim::Bytes offset, sim::Bytes size) { serve(Operation::read, offset, size); }
  void flush() { serve(Operation::flush, {}, {}); }
  // What has reached the image's file, and behind a bar its backing image, since the last call.
  std::string log() { return tests::asked(file) + "| " + tests::asked(base_file); }

  sim::Engine engine;
  tests::FakeDevice base_file;
  Raw base;
  tests::FakeDevice file;
  Qcow2 image;
};

sim::Process request(sim::Engine& engine, Qcow2& image, Request what,
                     std::vector<sim::Instant>& ended) {
  co_await image.serve(what);
  ended.push_back(engine.now());
}

}  // namespace

TEST_CASE("the first write of a cluster copies to the ends of its subclusters only", "[qcow2]") {
  Bench bench{true};
  bench.write(kCluster, 4_KiB);
  CHECK(bench.log() == "w4 | ");
  bench.write(kCluster * 2 + 6_KiB, 4_KiB);  // of subclusters 1 and 2
  CHECK(bench.log() == "w8 | r8 ");
  bench.write(kCluster * 3 + 2_KiB, 20_KiB);  // head and tail are too far apart to read together
  CHECK(bench.log() == "w24 | r2 r2 ");
}

TEST_CASE("another subcluster of a cluster is filled where it is", "[qcow2]") {
  Bench bench{true};
  bench.write(kCluster, 4_KiB);
  bench.flush();
  bench.log();
  bench.write(kCluster + 64_KiB, 4_KiB);
  CHECK(bench.log() == "w4 | ");
  bench.flush();
  // The entry, behind what refcounts might have to be written (none has changed).
  CHECK(bench.log() == "f w128 f | ");
  bench.write(kCluster + 97_KiB, 1_KiB);
  CHECK(bench.log() == "w4 | r4 ");
  bench.flush();
  bench.log();
  bench.write(kCluster + 98_KiB, 1_KiB);
  bench.flush();
  CHECK(bench.log() == "w1 f | ");
}

TEST_CASE("a write over filled and empty subclusters copies at its empty end", "[qcow2]") {
  Bench bench{true};
  bench.write(kCluster, 4_KiB);
  bench.log();
  bench.write(kCluster + 2_KiB, 4_KiB);
  CHECK(bench.log() == "w6 | r2 ");
}

TEST_CASE("what no subcluster holds is read from the backing image", "[qcow2]") {
  Bench bench{true};
  bench.write(kCluster + 4_KiB, 8_KiB);
  bench.write(kCluster + 64_KiB, 4_KiB);
  bench.log();
  bench.read(kCluster, kCluster);
  CHECK(bench.log() == "r8 r4 | r4 r52 r60 ");
  bench.read(kCluster + 4_KiB, 8_KiB);
  CHECK(bench.log() == "r8 | ");
}

TEST_CASE("without a backing image a subcluster is zeroed around the data", "[qcow2]") {
  Bench bench{false};
  bench.write(kCluster + 1_KiB, 1_KiB);
  CHECK(bench.log() == "z4 w1 | ");
  bench.write(kCluster + 17_KiB, 1_KiB);
  CHECK(bench.log() == "z4 w1 | ");
  bench.read(kCluster, kCluster);
  CHECK(bench.log() == "r4 r4 | ");
}

// 100 us a request.
TEST_CASE("writes to one subcluster wait for each other, to two do not", "[qcow2]") {
  Bench bench{false};
  bench.write(kCluster, 4_KiB);
  const auto both = [&](sim::Bytes first, sim::Bytes second) {
    std::vector<sim::Instant> ended;
    const sim::Instant start = bench.engine.now();
    for (const sim::Bytes at : {first, second}) {
      bench.engine.spawn(
          request(bench.engine, bench.image,
                  {.operation = Operation::write, .offset = kCluster + at, .size = 2_KiB}, ended));
    }
    bench.engine.run();
    return std::vector<sim::Duration>{ended.at(0) - start, ended.at(1) - start};
  };
  CHECK(both(8_KiB, 10_KiB) == std::vector<sim::Duration>{200_us, 300_us});
  CHECK(both(16_KiB, 20_KiB) == std::vector<sim::Duration>{200_us, 200_us});
}

// Subcluster 5 is there and 10 is written: between them the copy is whole, around them it is not.
TEST_CASE("of a shared cluster what lies between its data and the new is copied", "[qcow2]") {
  Bench bench{false};
  bench.write(kCluster + 20_KiB, 4_KiB);
  tests::run(bench.engine, bench.image.snapshot());
  bench.log();
  bench.write(kCluster + 40_KiB, 4_KiB);
  CHECK(bench.log().find("r4 w24 ") != std::string::npos);
  bench.read(kCluster, kCluster);
  CHECK(bench.log() == "r24 | ");
}

TEST_CASE("subclusters are zeroed in the entry", "[qcow2]") {
  Bench bench{true};
  bench.write(kCluster, 12_KiB);
  bench.log();
  bench.serve(Operation::write_zeroes, kCluster + 4_KiB, 4_KiB);
  CHECK(bench.log() == "| ");
  bench.read(kCluster, 12_KiB);
  CHECK(bench.log() == "r4 r4 | ");
}

TEST_CASE("releases before 5.2 know no subclusters", "[qcow2]") {
  Description old = extended();
  old.release = {5, 1};
  sim::Engine engine;
  tests::FakeDevice file{engine};
  CHECK_THROWS_AS((Qcow2{file, old}), sim::ConfigError);
}
