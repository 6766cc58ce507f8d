#include "models/storage/image/qcow2.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "models/storage/image/raw.hpp"
#include "sim/error.hpp"
#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace models::storage::image;
using namespace sim::literals;

namespace {

constexpr sim::Bytes kCluster = 64_KiB;

struct Bench {
  explicit Bench(const Description& description, sim::Duration each = 100_us,
                 Image* backing = nullptr)
      : file{engine, each}, image{file, description, backing} {}
  void serve(Operation operation, sim::Bytes offset, sim::Bytes size) {
    tests::run(engine, image.serve({.operation = operation, .offset = offset, .size = size}));
  }
  void write(sim::Bytes offset, sim::Bytes size) { serve(Operation::write, offset, size); }
  void read(sim::Bytes offset, sim::Bytes size) { serve(Operation::read, offset, size); }
  std::string log() { return tests::asked(file); }

  sim::Engine engine;
  tests::FakeDevice file;
  Qcow2 image;
};

Description sparse() {
  return {.format = Format::qcow2, .size = 8_GiB};
}
Description prepared() {
  return {.format = Format::qcow2, .size = 8_GiB, .preallocation = Preallocation::metadata};
}

sim::Process request(sim::Engine& engine, Qcow2& image, Request what,
                     std::vector<sim::Instant>& ended) {
  co_await image.serve(what);
  ended.push_back(engine.now());
}

}  // namespace

// Refcount block read; refcounts durable, then the L2 table, then its L1 entry.
TEST_CASE("the first write of a table allocates it in order", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  CHECK(bench.log() == "r64 w64 f w64 f w1 f z64 w4 ");
}

TEST_CASE("a further first write zeroes its cluster and writes only the data", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  bench.log();
  bench.write(kCluster * 3 + 8_KiB, 4_KiB);
  CHECK(bench.log() == "z64 w4 ");
  bench.write(kCluster * 3, 4_KiB);
  CHECK(bench.log() == "w4 ");
}

TEST_CASE("a whole cluster needs no zeroing", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  bench.log();
  bench.write(kCluster * 3, kCluster * 2);
  CHECK(bench.log() == "w128 ");
}

TEST_CASE("a flush writes refcounts, then entries", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  bench.log();
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.log() == "w64 f w64 f ");
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.log().empty());
}

TEST_CASE("lazy refcounts save the refcounts' write and flush", "[qcow2]") {
  Description lazy = sparse();
  lazy.lazy_refcounts = true;
  Bench bench{lazy};
  bench.write({}, 4_KiB);
  bench.serve(Operation::flush, {}, {});
  bench.log();
  bench.write(kCluster, 4_KiB);
  bench.serve(Operation::flush, {}, {});
  CHECK(bench.log() == "z64 w4 w64 f ");
}

TEST_CASE("releases before 4.1 write the whole cluster with the data", "[qcow2]") {
  Description old = sparse();
  old.release = {2, 12};
  Bench bench{old};
  bench.write({}, 4_KiB);
  bench.log();
  bench.write(kCluster * 3 + 8_KiB, 4_KiB);
  CHECK(bench.log() == "w64 ");
}

TEST_CASE("a backing image is read around the data and all of it written at once", "[qcow2]") {
  sim::Engine engine;
  tests::FakeDevice base_file{engine, 100_us};
  Raw base{base_file, {.size = 8_GiB, .preallocation = Preallocation::full}};
  tests::FakeDevice file{engine, 100_us};
  Qcow2 image{file, sparse(), &base};
  tests::run(engine, image.serve({.operation = Operation::read, .offset = 4_KiB, .size = 4_KiB}));
  CHECK(base_file.requests.size() == 1);
  CHECK(file.requests.empty());
  tests::run(engine, image.serve({.operation = Operation::write, .offset = 4_KiB, .size = 4_KiB}));
  CHECK(base_file.requests.back().size == kCluster);
  CHECK(file.requests.back().size == kCluster);
  // Far apart, head and tail are read by themselves.
  tests::run(
      engine,
      image.serve({.operation = Operation::write, .offset = kCluster * 2 + 4_KiB, .size = 32_KiB}));
  CHECK(base_file.requests.size() == 4);
  CHECK(base_file.requests[2].size == 4_KiB);
  CHECK(base_file.requests[3].size == 28_KiB);
  CHECK(file.requests.back().size == kCluster);
}

TEST_CASE("a read goes down the chain to the image that has the cluster", "[qcow2]") {
  sim::Engine engine;
  tests::FakeDevice file{engine};
  Qcow2 base{file, prepared()};
  tests::FakeDevice middle_file{engine};
  Qcow2 middle{middle_file, sparse(), &base};
  tests::FakeDevice top_file{engine};
  Qcow2 top{top_file, sparse(), &middle};
  tests::run(engine, top.serve({.operation = Operation::read, .size = 4_KiB}));
  CHECK(top_file.served == 0);
  CHECK(middle_file.served == 0);
  CHECK(file.served == 2);  // L2 table, data
}

TEST_CASE("what a snapshot shares is copied on the first write", "[qcow2]") {
  Bench bench{{.format = Format::qcow2, .size = 8_GiB, .allocated = 1_GiB}};
  bench.write({}, 4_KiB);
  bench.log();
  bench.write(kCluster, 4_KiB);
  CHECK(bench.log() == "w4 ");
  tests::run(bench.engine, bench.image.snapshot());
  bench.log();
  bench.write(kCluster + 4_KiB, 4_KiB);
  const std::string first = bench.log();
  CHECK(first.find("r64 w64") != std::string::npos);  // the old cluster, the copy with the data
  bench.serve(Operation::flush, {}, {});
  bench.log();
  bench.write(kCluster, 4_KiB);
  CHECK(bench.log() == "w4 ");
}

TEST_CASE("zeroes are written into entries", "[qcow2]") {
  Bench bench{prepared()};
  bench.serve(Operation::write_zeroes, kCluster, kCluster * 2);
  CHECK(bench.log() == "r64 ");
  bench.read(kCluster, kCluster * 2);
  CHECK(bench.log().empty());
  // Where it was: zeroed there. The first question about zeroes reads all five refcount blocks.
  bench.write(kCluster, 4_KiB);
  CHECK(bench.log() == "r64 r64 r64 r64 r64 z64 w4 ");
  bench.write(kCluster * 2, 4_KiB);
  CHECK(bench.log() == "z64 w4 ");
}

// 100 us a request. L2 reads one after another, data beside each other.
TEST_CASE("metadata is read one at a time, data in parallel", "[qcow2]") {
  Description image = prepared();
  image.l2_cache_entry = 4_KiB;
  image.l2_cache = 256_KiB;
  Bench bench{image};
  std::vector<sim::Instant> ended;
  for (int i = 0; i < 4; ++i) {
    // A slice of 4 KiB covers 32 MiB.
    bench.engine.spawn(
        request(bench.engine, bench.image, {.offset = 64_MiB * i, .size = 4_KiB}, ended));
  }
  bench.engine.run();
  CHECK(ended == std::vector<sim::Instant>{sim::Instant{200_us}, sim::Instant{300_us},
                                           sim::Instant{400_us}, sim::Instant{500_us}});
  ended.clear();
  const sim::Instant again = bench.engine.now();
  for (int i = 0; i < 4; ++i) {
    bench.engine.spawn(
        request(bench.engine, bench.image, {.offset = 64_MiB * i, .size = 4_KiB}, ended));
  }
  bench.engine.run();
  CHECK(ended == std::vector<sim::Instant>(4, again + 100_us));
}

TEST_CASE("a write to a cluster that another one is allocating waits for it", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  bench.log();
  std::vector<sim::Instant> ended;
  const sim::Instant start = bench.engine.now();
  for (int i = 0; i < 2; ++i) {
    bench.engine.spawn(request(
        bench.engine, bench.image,
        {.operation = Operation::write, .offset = kCluster + 4_KiB * i, .size = 4_KiB}, ended));
  }
  bench.engine.run();
  CHECK(bench.log() == "z64 w4 w4 ");
  CHECK(ended == std::vector<sim::Instant>{start + 200_us, start + 300_us});
}

TEST_CASE("tables unused for the cleaning interval are read again", "[qcow2]") {
  Bench bench{prepared()};
  bench.read({}, 4_KiB);
  bench.engine.run_until(bench.engine.now() + 599_s);
  bench.read({}, 4_KiB);
  bench.engine.run_until(bench.engine.now() + 1500_s);
  bench.log();
  bench.read({}, 4_KiB);
  CHECK(bench.log() == "r64 r4 ");
}

TEST_CASE("an image of 1 TB keeps nothing for clusters that nobody touches", "[qcow2]") {
  Description large = prepared();
  large.size = 1024_GiB;
  Bench bench{large};
  bench.read(1000_GiB, 4_KiB);
  CHECK(bench.log() == "r4 r4 ");
}

TEST_CASE("images that qemu-img refuses are refused", "[qcow2]") {
  sim::Engine engine;
  tests::FakeDevice file{engine};
  CHECK_THROWS_AS((Qcow2{file, {.cluster = sim::Bytes{5000}}}), sim::ConfigError);
  CHECK_THROWS_AS((Qcow2{file, {.size = 1024_GiB, .cluster = sim::Bytes{512}}}), sim::ConfigError);
  CHECK_THROWS_AS((Qcow2{file, {.cluster = 4_KiB, .extended_l2 = true}}), sim::ConfigError);
  CHECK_THROWS_AS((Qcow2{file, {.size = 1_GiB, .allocated = 2_GiB}}), sim::ConfigError);
}

TEST_CASE("a raw image passes requests on and charges a sparse file's metadata", "[raw]") {
  sim::Engine engine;
  tests::FakeDevice file{engine};
  Raw image{file, {.size = 8_GiB}};
  tests::run(engine, image.serve({.operation = Operation::write, .size = 4_KiB}));
  tests::run(engine, image.serve({.operation = Operation::flush}));
  CHECK(file.requests.size() == 3);  // data, metadata, flush
  CHECK(image.stats().writes == 1);
  CHECK(image.metadata_writes() == 1);
  tests::run(engine, image.serve({.operation = Operation::write, .size = 4_KiB}));
  tests::run(engine, image.serve({.operation = Operation::flush}));
  tests::run(engine, image.serve({.operation = Operation::flush}));
  CHECK(file.requests.size() == 5);  // data, one flush
  Raw full{file, {.size = 8_GiB, .preallocation = Preallocation::full}};
  tests::run(engine, full.serve({.operation = Operation::write, .size = 4_KiB}));
  tests::run(engine, full.serve({.operation = Operation::flush}));
  CHECK(full.metadata_writes() == 0);
}

TEST_CASE("what was never written is read without the file, and counted", "[qcow2]") {
  Bench bench{sparse()};
  bench.write({}, 4_KiB);
  bench.log();
  bench.serve(Operation::read, {}, 4_KiB);
  CHECK(bench.log() == "r4 ");
  CHECK(bench.image.stats().unwritten.count() == 0);
  bench.serve(Operation::read, kCluster * 5, 8_KiB);
  CHECK(bench.log().empty());
  CHECK(bench.image.stats().unwritten == 8_KiB);
}
