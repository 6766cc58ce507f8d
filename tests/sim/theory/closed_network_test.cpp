// A closed network of queues against mean value analysis (Reiser and Lavenberg 1980).
//
//   R[k](n) = S[k] (1 + Q[k](n-1)),  X(n) = n / (Z + sum R),  Q[k](n) = X R[k]
#include <catch2/catch.hpp>

#include "sim/process.hpp"
#include "sim/server.hpp"
#include "tests/sim/theory/replications.hpp"

using namespace sim;
using namespace sim::literals;

namespace {

constexpr double kThink_s = 20e-3;
constexpr double kCpu_s = 3e-3;
constexpr double kDisk_s = 5e-3;

double mva_throughput(int customers) {
  double cpu = 0.0;
  double disk = 0.0;
  double x = 0.0;
  for (int n = 1; n <= customers; ++n) {
    const double r_cpu = kCpu_s * (1.0 + cpu);
    const double r_disk = kDisk_s * (1.0 + disk);
    x = n / (kThink_s + r_cpu + r_disk);
    cpu = x * r_cpu;
    disk = x * r_disk;
  }
  return x;
}

Process user(Engine& engine, Server& cpu, Server& disk, int id, std::uint64_t& done) {
  Random random = engine.stream("user." + std::to_string(id));
  for (;;) {
    co_await engine.delay(random.exponential(from_seconds(kThink_s)));
    co_await cpu.serve(random.exponential(from_seconds(kCpu_s)));
    co_await disk.serve(random.exponential(from_seconds(kDisk_s)));
    ++done;
  }
}

double simulated_throughput(std::uint64_t seed, int customers) {
  Engine engine{seed};
  Server cpu{engine};
  Server disk{engine};
  std::uint64_t done = 0;
  for (int i = 0; i < customers; ++i) engine.spawn(user(engine, cpu, disk, i, done));
  engine.run_until(Instant{} + 5_s);
  done = 0;
  engine.run_until(Instant{} + 65_s);
  return static_cast<double>(done) / 60.0;
}

}  // namespace

TEST_CASE("a closed network of users, a CPU and a disk has MVA's throughput", "[theory]") {
  for (const int customers : {1, 4, 10}) {
    const auto x = theory::replicate(
        [customers](std::uint64_t seed) { return simulated_throughput(seed, customers); });
    INFO(customers << " customers: " << x.lo << " .. " << x.hi << ", MVA "
                   << mva_throughput(customers));
    CHECK(theory::agrees(x, mva_throughput(customers), 0.05));
  }
}
