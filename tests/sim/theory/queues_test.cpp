// Single queues against their closed forms.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/process.hpp"
#include "sim/server.hpp"
#include "sim/shared_processor.hpp"
#include "tests/sim/theory/replications.hpp"

using namespace sim;
using namespace sim::literals;

namespace {

constexpr Duration kService = 1_ms;
constexpr double kService_s = 1e-3;
const Instant kWarm = Instant{} + 5_s;
const Instant kEnd = Instant{} + 65_s;

enum class Work { exponential, fixed, spread };  // spread: hyperexponential, CV^2 = 4

Process customer(Server& server, Duration work) {
  co_await server.serve(work);
}

// Poisson arrivals at `load` of what the servers can do.
Process arrivals(Engine& engine, Server& server, int servers, double load, Work kind) {
  Random gaps = engine.stream("arrivals");
  Random work = engine.stream("work");
  const Duration gap = from_seconds(kService_s / (load * servers));
  for (;;) {
    co_await engine.delay(gaps.exponential(gap));
    engine.spawn(customer(server, kind == Work::fixed ? kService : work.exponential(kService)));
  }
}

struct Observed {
  double wait_s;
  double queue;
  double busy;
  double arrivals_per_s;
};

Observed observe(std::uint64_t seed, int servers, double load, Work kind) {
  Engine engine{seed};
  Server server{engine, servers};
  engine.spawn(arrivals(engine, server, servers, load, kind));
  engine.run_until(kWarm);
  server.restart_stats();
  engine.run_until(kEnd);
  const auto& stats = server.stats();
  return {stats.waiting_s.mean(), stats.queue.average(kEnd), stats.busy.average(kEnd),
          static_cast<double>(stats.waiting_s.count()) / seconds(kEnd - kWarm)};
}

double erlang_c(int servers, double offered) {
  double term = 1.0;
  double sum = 1.0;
  for (int k = 1; k < servers; ++k) sum += term *= offered / k;
  term *= offered / servers;
  const double queued = term / (1.0 - offered / servers);
  return queued / (sum + queued);
}

Process shared_customer(Engine& engine, SharedProcessor& cpu, double work, Tally& times) {
  const Instant arrived = engine.now();
  co_await cpu.share(work);
  if (arrived > kWarm) times.record(seconds(engine.now() - arrived));
}

Process shared_arrivals(Engine& engine, SharedProcessor& cpu, double load, Work kind,
                        Tally& times) {
  Random gaps = engine.stream("arrivals");
  Random work = engine.stream("work");
  // Balanced two-phase hyperexponential of mean 1 and CV^2 = 4: p = (1 + sqrt(3/5)) / 2.
  const double p = 0.5 * (1.0 + std::sqrt(3.0 / 5.0));
  for (;;) {
    co_await engine.delay(gaps.exponential(from_seconds(kService_s / load)));
    double size = kService_s;
    if (kind == Work::exponential) size = work.exponential(kService_s);
    if (kind == Work::spread) {
      const bool small = work.uniform() < p;
      size = work.exponential(kService_s / (2.0 * (small ? p : 1.0 - p)));
    }
    engine.spawn(shared_customer(engine, cpu, size, times));
  }
}

double mean_time_shared(std::uint64_t seed, double load, Work kind) {
  Engine engine{seed};
  SharedProcessor cpu{engine, 1.0};
  Tally times;
  engine.spawn(shared_arrivals(engine, cpu, load, kind, times));
  engine.run_until(kEnd);
  return times.mean();
}

}  // namespace

TEST_CASE("M/M/1: the wait is rho / (1 - rho) services", "[theory]") {
  const auto wait = theory::replicate(
      [](std::uint64_t seed) { return observe(seed, 1, 0.7, Work::exponential).wait_s; });
  INFO(wait.lo << " .. " << wait.hi);
  CHECK(theory::agrees(wait, 0.7 / 0.3 * kService_s, 0.08));
}

TEST_CASE("M/D/1: the wait is half of that of M/M/1", "[theory]") {
  const auto wait = theory::replicate(
      [](std::uint64_t seed) { return observe(seed, 1, 0.7, Work::fixed).wait_s; });
  INFO(wait.lo << " .. " << wait.hi);
  CHECK(theory::agrees(wait, 0.7 / (2.0 * 0.3) * kService_s, 0.05));
}

TEST_CASE("M/M/c: the wait follows from Erlang's C", "[theory]") {
  constexpr int kServers = 4;
  constexpr double kLoad = 0.8;
  const auto wait = theory::replicate(
      [](std::uint64_t seed) { return observe(seed, kServers, kLoad, Work::exponential).wait_s; });
  const double theory_s =
      erlang_c(kServers, kServers * kLoad) * kService_s / (kServers * (1.0 - kLoad));
  INFO(wait.lo << " .. " << wait.hi << ", Erlang " << theory_s);
  CHECK(theory::agrees(wait, theory_s, 0.06));
}

TEST_CASE("Little's law: the queue is arrivals times wait, in each run", "[theory]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Observed o = observe(seed, 2, 0.6, Work::exponential);
    INFO("seed " << seed);
    // Exact but for those that wait at the ends of the run.
    CHECK(o.queue == Approx(o.arrivals_per_s * o.wait_s).epsilon(0.01));
    CHECK(o.busy == Approx(o.arrivals_per_s * kService_s).epsilon(0.03));
  }
}

TEST_CASE("M/G/1-PS: the time there is 1 / (1 - rho) services, whatever their distribution",
          "[theory]") {
  for (const Work kind : {Work::fixed, Work::exponential, Work::spread}) {
    const auto time =
        theory::replicate([kind](std::uint64_t seed) { return mean_time_shared(seed, 0.6, kind); });
    INFO("kind " << static_cast<int>(kind) << ": " << time.lo << " .. " << time.hi);
    CHECK(theory::agrees(time, kService_s / 0.4, 0.05));
  }
}
