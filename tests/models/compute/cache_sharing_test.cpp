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

TEST_CASE("ways that two profiles do not share keep them apart") {
  CacheMachine machine = kMachine;
  machine.llc_ways = 16;
  CacheSharing sharing{machine};
  sharing.add({0, 1, 2, 3});
  sharing.add({4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  const Profile calm = profile(4, 64_MiB);
  const Profile eager = profile(40, 64_MiB);
  const std::vector<double> space = sharing.divide({&calm, &eager}, {1, 3});
  CHECK(space.at(0) == Approx(2 * kMiB));
  CHECK(space.at(1) == Approx(2 * kMiB));
}

TEST_CASE("in ways that overlap, each inserts what falls on them") {
  CacheMachine machine = kMachine;
  machine.llc_ways = 4;
  CacheSharing sharing{machine};
  sharing.add({0, 1});  // alone in way 0, with the other in way 1
  sharing.add({1, 2, 3});
  Profile p = profile(10, 64_MiB);
  p.miss_curve = MissCurve{{{256_KiB, 0.5}, {8_MiB, 0.5}}};  // both insert alike
  const Profile q = p;
  const std::vector<double> space = sharing.divide({&p, &q}, {1, 1});
  // Way 1 gets a half of the first's insertions and a third of the second's.
  CHECK(space.at(0) == Approx(2 * kMiB * (1 + 3.0 / 5)).epsilon(1e-4));
  CHECK(space.at(1) == Approx(2 * kMiB * (2 + 2.0 / 5)).epsilon(1e-4));
}

TEST_CASE("what nobody may use of a cache stays empty") {
  CacheMachine machine = kMachine;
  machine.llc_ways = 8;
  CacheSharing sharing{machine};
  sharing.add({0});
  const Profile p = profile(10, 64_MiB);
  CHECK(sharing.divide({&p}, {2}).at(0) == Approx(0.5 * kMiB));
}
