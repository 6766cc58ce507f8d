#include "models/storage/device/platter.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace models::storage::device;
using namespace sim::literals;

namespace {

// A turn of 10 ms, one zone, tracks of 1 MB.
const PlatterConfig kRound{.rpm = 6000,
                           .track_to_track = 1_ms,
                           .average_seek = 7_ms,
                           .full_stroke = 15_ms,
                           .outer_rate = sim::BytesPerSecond{100e6},
                           .inner_rate = sim::BytesPerSecond{100e6},
                           .zones = 1};
constexpr sim::Bytes kMegabyte{1'000'000};

}  // namespace

TEST_CASE("a seek grows by the root of a short distance and in line with a long one", "[hdd]") {
  const Platter platter{kRound, kMegabyte * 29'999};  // 30 000 tracks
  const auto seek = [&](std::int64_t tracks) {
    return sim::seconds(platter.seek({0, {}}, {tracks, {}})) * 1e3;
  };
  CHECK(seek(0) == 0);
  CHECK(seek(1) == Approx(1.0).epsilon(0.07));  // sqrt(3 / 30 000) = 0.01 of 6 ms more
  CHECK(seek(2500) == Approx(1 + 6 * 0.5));     // a quarter of a third
  CHECK(seek(10'000) == Approx(7.0));           // a third
  CHECK(seek(20'000) == Approx(11.0));
  CHECK(seek(30'000) == Approx(15.0));
}

TEST_CASE("reading on costs no rotation, and going back a byte nearly a whole one", "[hdd]") {
  const Platter platter{kRound, kMegabyte * 30'000};
  CHECK(platter.rotation() == 10_ms);
  CHECK(platter.transfer({}, kMegabyte) == 10_ms);
  CHECK(platter.place(kMegabyte / 4).angle == 2500_us);
  CHECK(platter.place(kMegabyte * 3).track == 3);
  const sim::Instant now = sim::kStart + 42'500_us;
  CHECK(platter.until(now, 2500_us) == sim::Duration::zero());
  CHECK(platter.until(now, 7500_us) == 5_ms);
  CHECK(platter.until(now, 2400_us) == 9900_us);
}

TEST_CASE("outer zones hold more and are faster", "[hdd]") {
  PlatterConfig zoned = kRound;
  zoned.outer_rate = sim::BytesPerSecond{200e6};
  zoned.zones = 3;  // 200, 150 and 100 MB/s: 2, 1.5 and 1 MB a track
  const Platter platter{zoned, kMegabyte * 4500};
  CHECK(platter.transfer({}, kMegabyte) == 5_ms);
  CHECK(platter.transfer(kMegabyte * 4499, kMegabyte) == 10_ms);
  CHECK(platter.transfer(kMegabyte * 2500, kMegabyte * 3) == 20_ms);
}

TEST_CASE("a disk that cannot be is refused with all its mistakes", "[hdd]") {
  PlatterConfig wrong = kRound;
  wrong.rpm = 0;
  wrong.full_stroke = 1_ms;
  CHECK_THROWS_WITH((Platter{wrong, kMegabyte}),
                    Catch::Contains("does not turn") && Catch::Contains("shorten with distance"));
}
