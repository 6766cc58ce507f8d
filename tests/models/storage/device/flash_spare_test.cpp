#include "models/storage/device/flash_spare.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace models::storage::device;

namespace {

constexpr sim::Bytes kCapacity{1'000'000'000};
constexpr sim::Bytes kBlock{4096};

void write(FlashSpare& spare, bool random, sim::Bytes amount) {
  for (std::int64_t i = 0; i < amount.count() / kBlock.count(); ++i) {
    const std::int64_t at = random ? i * 7919 : i;
    spare.write(sim::Bytes{at * kBlock.count() % kCapacity.count()}, kBlock);
    spare.programmed(kBlock);
  }
}

}  // namespace

// (1 + r) / (2 r): r = 0.25 gives 2.5, r = 0.1 gives 5.5.
TEST_CASE("random writes to a full device cost what its spare area says", "[flash]") {
  CHECK(FlashSpare(kCapacity, 0.25, 1.0).amplification() == Approx(2.5));
  CHECK(FlashSpare(kCapacity, 0.10, 1.0).amplification() == Approx(5.5));
}

TEST_CASE("a device that is half empty has the rest as spare area", "[flash]") {
  FlashSpare spare{kCapacity, 0.25, 0.5};
  CHECK_FALSE(spare.collecting());
  CHECK(spare.amplification() == 1.0);
  FlashSpare full{kCapacity, 0.25, 1.0};
  full.deallocate(kCapacity / 2);  // P = 1.25, L = 0.5: r = 1.5
  CHECK(full.amplification() == Approx(1.0));
  FlashSpare less{kCapacity, 0.25, 1.0};
  less.deallocate(sim::Bytes{100'000'000});  // L = 0.9: r = 0.3889
  CHECK(less.amplification() == Approx((1 + 0.35 / 0.9) / (2 * 0.35 / 0.9)));
}

TEST_CASE("sequential writes invalidate whole blocks", "[flash]") {
  FlashSpare spare{kCapacity, 0.25, 1.0};
  write(spare, false, kCapacity / 2);
  CHECK(spare.amplification() == Approx(1.0).epsilon(0.01));
  write(spare, true, kCapacity / 2);
  CHECK(spare.amplification() == Approx(2.5).epsilon(0.01));
}

// After 32 of 500 MB streams are runs; e^(-468 / 64) of the former random writes is still seen.
TEST_CASE("sequential streams side by side invalidate whole blocks as one does", "[flash]") {
  constexpr int kStreams = 8;
  FlashSpare spare{kCapacity, 0.25, 1.0};
  for (std::int64_t i = 0; i < kCapacity.count() / 2 / kBlock.count(); ++i) {
    const sim::Bytes begin = kCapacity / kStreams * (i % kStreams);
    spare.write(begin + kBlock * (i / kStreams), kBlock);
  }
  CHECK(spare.amplification() == Approx(1.0).epsilon(0.02));
}

TEST_CASE("a log that is written round and round invalidates whole blocks", "[flash]") {
  FlashSpare spare{kCapacity, 0.25, 1.0};
  for (std::int64_t i = 0; i < kCapacity.count() / 2 / kBlock.count(); ++i)
    spare.write(kBlock * (i % 1000), kBlock);  // 4 MB
  CHECK(spare.amplification() == Approx(1.0).epsilon(0.01));
}

TEST_CASE("random writes of some megabytes cost as much as small ones, in pieces or whole",
          "[flash]") {
  for (const std::int64_t pieces : {1, 8}) {
    FlashSpare spare{kCapacity * 1000, 0.25, 1.0};
    const sim::Bytes piece{(std::int64_t{8} << 20) / pieces};
    for (std::int64_t i = 0; i < 200; ++i) {
      const sim::Bytes begin = piece * pieces * (i * 7919 % 100'000);
      for (std::int64_t p = 0; p < pieces; ++p) spare.write(begin + piece * p, piece);
    }
    CHECK(spare.amplification() == Approx(2.5).epsilon(0.001));
  }
}

TEST_CASE("a new device falls off the cliff once all its flash has been written", "[flash]") {
  FlashSpare spare{kCapacity, 0.25, 0.0};
  write(spare, true, sim::Bytes{1'240'000'000});
  CHECK_FALSE(spare.collecting());
  write(spare, true, sim::Bytes{20'000'000});
  CHECK(spare.collecting());
  // 1 - exp(-1.26) = 0.716 of the capacity holds data: r = 0.534 / 0.716.
  CHECK(spare.amplification() == Approx(1.171).epsilon(0.001));
}

TEST_CASE("flash without spare area is refused", "[flash]") {
  CHECK_THROWS_WITH(FlashSpare(kCapacity, 0.0, 1.0), Catch::Contains("over_provisioning"));
}
