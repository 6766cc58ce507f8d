#include "models/compute/cache_sharing.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using namespace models::compute;

namespace {

constexpr double kMiB = 1 << 20;
const CacheMachine kMachine{
    .frequency_Hz = 2e9, .llc_B = 8 * kMiB, .llc_latency_s = 20e-9, .memory_latency_s = 80e-9};

Profile profile(double accesses, sim::Bytes footprint) {
  Profile p;
  p.llc_accesses_per_kilo_instruction = accesses;
  p.miss_curve = MissCurve{{{256_KiB, 0.9}, {8_MiB, 0.1}}};
  p.footprint = footprint;
  return p;
}

}  // namespace

TEST_CASE("a thread alone has the whole cache, up to its footprint") {
  CacheSharing sharing{kMachine};
  const Profile large = profile(10, 64_MiB);
  const Profile small = profile(10, 2_MiB);
  CHECK(sharing.divide({&large}, {1}).at(0) == Approx(8 * kMiB));
  CacheSharing other{kMachine};
  CHECK(other.divide({&small}, {1}).at(0) == Approx(2 * kMiB));
}

TEST_CASE("alike threads share alike, and the cache is given away whole") {
  CacheSharing sharing{kMachine};
  const Profile p = profile(10, 64_MiB);
  CHECK(sharing.divide({&p}, {4}).at(0) == Approx(2 * kMiB));
}

TEST_CASE("who misses more holds more") {
  CacheSharing sharing{kMachine};
  const Profile eager = profile(40, 64_MiB);
  const Profile calm = profile(4, 64_MiB);
  const std::vector<double> space = sharing.divide({&eager, &calm}, {1, 1});
  CHECK(space.at(0) > 1.5 * space.at(1));
  CHECK(space.at(0) + space.at(1) == Approx(8 * kMiB).epsilon(1e-3));
}

TEST_CASE("what a small footprint leaves goes to the others") {
  CacheSharing sharing{kMachine};
  const Profile large = profile(10, 64_MiB);
  const Profile small = profile(10, 1_MiB);
  const std::vector<double> space = sharing.divide({&large, &small}, {1, 2});
  CHECK(space.at(1) == Approx(1 * kMiB).epsilon(0.01));
  CHECK(space.at(0) == Approx(6 * kMiB).epsilon(0.01));
}

TEST_CASE("a profile without running threads has no space") {
  CacheSharing sharing{kMachine};
  const Profile p = profile(10, 64_MiB);
  const std::vector<double> space = sharing.divide({&p, &p}, {0, 1});
  CHECK(space.at(0) == 0.0);
  CHECK(space.at(1) == Approx(8 * kMiB));
}
