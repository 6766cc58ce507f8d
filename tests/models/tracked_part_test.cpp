#include "models/tracked_part.hpp"

#include <catch2/catch.hpp>

#include "models/storage/device/memory_disk.hpp"
#include "sim/process.hpp"

using namespace sim::literals;
using namespace models;

namespace {

sim::Process write(sim::Engine&, TrackedPart& part, sim::Bytes offset, sim::Bytes size) {
  co_await part.serve({.operation = storage::Operation::write, .offset = offset, .size = size});
}

}  // namespace

TEST_CASE("a tracked part gives out what is marked, once, and what is written again",
          "[tracked-part]") {
  sim::Engine engine;
  TrackedPart part{std::make_unique<storage::device::MemoryDisk>(
      engine, storage::device::MemoryDiskConfig{}, 200_KiB)};
  const auto take = [&](sim::Bytes most) {
    const TrackedPart::Extent extent = part.take(most);
    return std::pair{extent.offset.count() >> 10, extent.size.count() >> 10};  // KiB
  };
  using Taken = std::pair<std::int64_t, std::int64_t>;
  CHECK_FALSE(part.tracking());
  part.track();
  CHECK(part.marked() == 256_KiB);  // four granules, the last one in part
  CHECK(take(128_KiB) == Taken{0, 128});
  CHECK(take(1_MiB) == Taken{128, 72});
  CHECK(part.marked().count() == 0);
  CHECK(take(1_MiB) == Taken{0, 0});
  engine.spawn(write(engine, part, 60_KiB, 8_KiB));  // across two granules
  engine.spawn(write(engine, part, 196_KiB, 4_KiB));
  engine.run();
  CHECK(part.marked() == 192_KiB);
  CHECK(take(1_MiB) == Taken{0, 128});
  CHECK(take(1_MiB) == Taken{192, 8});
  part.forget();
  engine.spawn(write(engine, part, 0_KiB, 4_KiB));
  engine.run();
  CHECK(part.marked().count() == 0);
}
