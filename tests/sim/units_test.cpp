#include "sim/units.hpp"

#include <catch2/catch.hpp>

using namespace sim;

TEST_CASE("an amount over a rate multiplies before it divides", "[units]") {
  // 64 B at 16 GB/s are 4 ns; dividing first gives 4000.0000000000005 ps, rounded up to 4001.
  CHECK(Bytes{64} / BytesPerSecond{16e9} == Duration{4000});
  CHECK(Cycles{2000} / Hertz{2e9} == 1_us);
  CHECK(BytesPerSecond{1e9} * 1_ms == Bytes{1'000'000});
}

TEST_CASE("times beyond the clock saturate and nonsense is zero", "[units]") {
  CHECK(picoseconds_ceil(1e30) == Duration::max());
  CHECK(picoseconds_ceil(-1) == Duration::zero());
  CHECK(picoseconds_ceil(std::nan("")) == Duration::zero());
  CHECK(picoseconds_ceil(0.1) == Duration{1});
  CHECK(from_seconds(1e9) == Duration::max());
}
