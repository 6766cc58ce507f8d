// What a guest's kernel does on a vCPU, beside and before the guest's processes.
#include <catch2/catch.hpp>
#include <vector>

#include "models/running_host.hpp"
#include "tests/models/vcpus_that_wait.hpp"

using namespace models;
using namespace sim::literals;

namespace {

HostDescription host() {
  HostDescription host;
  host.hardware.frequency = sim::Hertz{1e9};
  host.hardware.memory = 4_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 1, .latency = 10_ns};
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{12.8e9};
  host.hardware.controller.latency = 80_ns;
  host.vmm.architecture = Architecture::container;
  host.without = {Mechanism::switch_cost, Mechanism::ticks, Mechanism::cold_caches};
  VmDescription& vm = host.vms.emplace_back();
  vm.name = "guest";
  vm.memory = 1_GiB;
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  return host;
}

struct Done {
  int job;
  double at_ms;
};

sim::Process job(RunningHost& running, sim::Duration begins, double instructions, bool before_all,
                 int id, std::vector<Done>& done) {
  co_await running.engine().delay(begins);
  RunningHost::Run run = running.run(0, instructions, scheduler::kNoCpu);
  run.before_all = before_all;
  co_await run;
  done.push_back({id, sim::seconds(running.engine().now() - sim::kStart) * 1e3});
}

std::vector<Done> two_jobs(bool second_before_all) {
  const HostDescription description = host();
  sim::Engine engine;
  RunningHost running{engine, description};
  running.start({});
  std::vector<Done> done;
  engine.spawn(job(running, 0_ms, 10e6, false, 1, done));
  engine.spawn(job(running, 1_ms, 2e6, second_before_all, 2, done));
  engine.run_until(sim::kStart + 50_ms);
  return done;
}

}  // namespace

TEST_CASE("jobs of a vCPU go one after the other, 1 GHz and one cycle an instruction") {
  const std::vector<Done> done = two_jobs(false);
  REQUIRE(done.size() == 2);
  CHECK(done[0].job == 1);
  CHECK(done[0].at_ms == Approx(10.0).epsilon(1e-3));
  CHECK(done[1].at_ms == Approx(12.0).epsilon(1e-3));
}

TEST_CASE("an interrupt goes before the job that has begun, which then goes on where it was") {
  const std::vector<Done> done = two_jobs(true);
  REQUIRE(done.size() == 2);
  CHECK(done[0].job == 2);
  CHECK(done[0].at_ms == Approx(3.0).epsilon(1e-3));
  CHECK(done[1].at_ms == Approx(12.0).epsilon(1e-3));
}

TEST_CASE("guests have started when a short warm-up ends") {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Results results =
        simulate(tests::guests_of_eight(1), {.duration = 5_ms, .warmup = 2_ms}, {.seed = seed});
    CHECK(tests::metric(results, "vm.guest.cpu.utilisation") > 0.99);
  }
}
