// Guests' clocks, exits and halts on a whole host.
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "models/vmm/nesting.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

HostDescription one_cpu() {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 1;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 1, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 90_ns;
  host.vmm.host_tick_hz = 0;
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 64_MiB;
  vm.clock.tick_hz = 1000;
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 2_s, .warmup = 100_ms}, {.seed = 3, .check = true});
}

double share(const Results& results, Cause cause) {
  REQUIRE(results.violations.empty());
  return results.time.front().share[static_cast<std::size_t>(cause)];
}

double tick_s(const HostDescription& host) {
  return vmm::tick_cycles(host.vms.front().clock, exit_hardware(host.hardware), host.vmm.exits) /
         2e9;
}

}  // namespace

TEST_CASE("ticks of a running guest are a tax of rate times cost", "[clock]") {
  const HostDescription host = one_cpu();
  CHECK(share(run(host), Cause::ticks) == Approx(1000 * tick_s(host)).epsilon(1e-3));
}

TEST_CASE("an idle guest that ticks uses a CPU, a tickless one does not", "[clock]") {
  HostDescription host = one_cpu();
  host.vms.front().workload.idle = true;
  CHECK(metric(run(host), "host.cpu.utilisation") == 0.0);
  host.vms.front().clock.idle = vmm::IdleTicks::periodic;
  const Results ticking = run(host);
  CHECK(share(ticking, Cause::ticks) == Approx(1000 * tick_s(host)).epsilon(0.01));
  CHECK(metric(ticking, "host.cpu.utilisation") > 1000 * tick_s(host));  // waking costs, too
}

TEST_CASE("each tick of an idle guest exits, whatever the CPU that it comes to", "[clock]") {
  HostDescription host = one_cpu();
  host.vms.front().workload.idle = true;
  host.vms.front().clock.idle = vmm::IdleTicks::periodic;
  for (const int tick_hz : {100, 1000}) {
    host.vms.front().clock.tick_hz = tick_hz;
    // The interrupt and its end, arming the timer again, HLT.
    CHECK(metric(run(host), "vm.guest.exits") == Approx(4.0 * tick_hz).epsilon(0.03));
  }
}

TEST_CASE("an idle guest's own wake-ups are what bursts and blocks say", "[clock]") {
  HostDescription host = one_cpu();
  VmDescription& vm = host.vms.front();
  vm.workload.idle = true;
  vm.workload.unit = vm.workload.burst = sim::Instructions{50'000};
  vm.workload.wake = workload::WakeSource::timer;
  CHECK(metric(run(host), "vm.guest.instructions") == 0.0);
  vm.workload.block = 100_ms;
  const Results results = simulate(host, {.duration = 60_s, .warmup = 100_ms}, {.seed = 3});
  CHECK(metric(results, "vm.guest.instructions") == Approx(10 * 50'000).epsilon(0.1));
  CHECK(metric(results, "vm.guest.throughput") == 0.0);  // it is no work
  CHECK(metric(results, "vm.guest.exits") > 9);
}

TEST_CASE("a core that wakes from sleep is not at work", "[clock]") {
  HostDescription host = one_cpu();
  host.vms.front().workload.idle = true;
  host.vms.front().clock.idle = vmm::IdleTicks::periodic;
  const Results awake = run(host);
  host.hardware.idle_states = {{.name = "C6", .exit_latency = 100_us, .residency = 300_us}};
  const Results asleep = run(host);
  for (const char* quantity : {"vm.guest.cpu.utilisation", "host.cpu.utilisation"})
    CHECK(metric(asleep, quantity) == Approx(metric(awake, quantity)).epsilon(0.01));
  CHECK(share(asleep, Cause::scheduler) > share(awake, Cause::scheduler) + 0.09);
}

TEST_CASE("of two guests on a CPU, one that counts merged ticks falls behind", "[clock]") {
  HostDescription host = one_cpu();
  host.vms.front().count = 2;
  host.vms.front().clock.paravirtual = false;
  const double behind = metric(run(host), "vm.guest.clock.error");
  CHECK(behind > 0.3);  // half of the time without a CPU, some ticks of it delivered
  CHECK(behind < 0.5);
  host.vms.front().clock.policy = vmm::LostTicks::discard;
  CHECK(metric(run(host), "vm.guest.clock.error") == Approx(0.5).margin(0.02));
  host.vms.front().clock.policy = vmm::LostTicks::catchup;
  const Results caught = run(host);
  CHECK(metric(caught, "vm.guest.clock.error") == 0.0);
  // Each due tick is delivered: those of the waiting half on top of those of the running half.
  CHECK(share(caught, Cause::ticks) == Approx(1000 * tick_s(host)).epsilon(0.02));
  host.vms.front().clock.policy = vmm::LostTicks::merge;
  host.vms.front().clock.paravirtual = true;
  CHECK(metric(run(host), "vm.guest.clock.error") == 0.0);
}

TEST_CASE("exits cost what their kind costs, and nothing in a container", "[exits]") {
  HostDescription host = one_cpu();
  host.without.insert(Mechanism::ticks);
  VmDescription& vm = host.vms.front();
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.exits[vmm::ExitKind::cpuid] = 1.0;  // 1400 cycles in 1000 instructions of 1 cycle
  CHECK(share(run(host), Cause::exits) == Approx(1400.0 / 2400.0));
  host.vmm.architecture = Architecture::container;
  CHECK(share(run(host), Cause::exits) == 0.0);
}

TEST_CASE("a look at the clock is a system call that the VMM passes on, and no exit", "[exits]") {
  HostDescription host = one_cpu();
  host.without.insert(Mechanism::ticks);
  VmDescription& vm = host.vms.front();
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.exits[vmm::ExitKind::clock_read] = 1.0;
  CHECK(share(run(host), Cause::exits) == 0.0);
  host.vmm.exits.clock_read = sim::Cycles{300};
  host.vmm.exits.system_call = sim::Cycles{1'300};
  const Results slow = run(host);
  CHECK(share(slow, Cause::exits) == Approx(1600.0 / 2600.0));
  CHECK(metric(slow, "vm.guest.exits") == 0.0);
}

TEST_CASE("only shadow paging exits for page tables", "[exits]") {
  HostDescription host = one_cpu();
  host.without.insert(Mechanism::ticks);
  host.vms.front().workload.exits[vmm::ExitKind::page_table] = 0.1;
  const Results nested = run(host);
  CHECK(share(nested, Cause::exits) == 0.0);
  CHECK(metric(nested, "vm.guest.exits") == 0.0);
  host.vmm.paging = PagingKind::shadow;
  const Results shadow = run(host);
  CHECK(share(shadow, Cause::exits) > 0.1);
  CHECK(metric(shadow, "vm.guest.exits") > 1e4);
}

TEST_CASE("a paravirtual guest has its VMM change page tables and address spaces", "[exits]") {
  HostDescription host = one_cpu();
  workload::Description& work = host.vms.front().workload;
  work.exits[vmm::ExitKind::page_table] = 0.1;
  work.address_spaces.switches_per_kilo_instruction = 0.05;
  host.vmm.exits.table_update = sim::Cycles{2'000};
  host.vmm.exits.address_space = sim::Cycles{3'000};
  CHECK(share(run(host), Cause::exits) == 0.0);  // hardware walks the guest's own tables
  host.vmm.paging = PagingKind::native;
  const double cycles = (0.1 * 2'000 + 0.05 * 3'000) / 1'000;
  const double exits = share(run(host), Cause::exits);
  CHECK(exits / (1 - exits) * work.profile.base_cpi == Approx(cycles).epsilon(0.02));
  host.without.insert(Mechanism::exits);
  CHECK(share(run(host), Cause::exits) == 0.0);
}

TEST_CASE("halt polling burns the CPU and spares the wake-up", "[exits]") {
  HostDescription host = one_cpu();
  VmDescription& vm = host.vms.front();
  vm.workload.burst = sim::Instructions{100'000};
  vm.workload.block = 100_us;
  vm.workload.block_distribution = workload::Distribution::fixed;
  vm.workload.wake = workload::WakeSource::timer;
  host.vmm.wake_latency = 20_us;
  const Results asleep = run(host);
  host.vmm.halt_poll.most = 200_us;
  const Results polling = run(host);
  CHECK(share(asleep, Cause::halt_polling) == 0.0);
  CHECK(share(polling, Cause::halt_polling) > 0.4);
  CHECK(share(polling, Cause::scheduler) < 0.1 * share(asleep, Cause::scheduler));
  CHECK(metric(polling, "vm.guest.throughput") > 1.1 * metric(asleep, "vm.guest.throughput"));
  CHECK(metric(polling, "host.cpu.utilisation") > 0.99);
  // Waits beyond the limit are not polled for.
  host.vms.front().workload.block = 5_ms;
  CHECK(share(run(host), Cause::halt_polling) == 0.0);
}

// 20 us are what it polls for by then: were the wait the timer's alone, it would neither find that
// it ends in time nor look for longer.
TEST_CASE("a wait as long as the window is polled for, as the wake-up counts to it", "[exits]") {
  HostDescription host = one_cpu();
  host.without.insert(Mechanism::ticks);
  VmDescription& vm = host.vms.front();
  vm.workload.burst = sim::Instructions{100'000};
  vm.workload.burst_distribution = workload::Distribution::fixed;
  vm.workload.block_distribution = workload::Distribution::fixed;
  vm.workload.wake = workload::WakeSource::timer;
  host.vmm.wake_latency = 20_us;
  host.vmm.halt_poll.most = 200_us;
  for (const sim::Duration wait : {20_us, 40_us, 80_us}) {
    vm.workload.block = wait;
    CHECK(share(run(host), Cause::scheduler) < 0.001);
  }
  // 190 us and the way back are out of reach.
  vm.workload.block = 190_us;
  CHECK(share(run(host), Cause::halt_polling) < 0.001);
}

TEST_CASE("a nested guest's halts are reflected, whether it sleeps or polls", "[exits]") {
  HostDescription host = one_cpu();
  host.without.insert(Mechanism::ticks);
  VmDescription& vm = host.vms.front();
  vm.clock.idle_writes = 0;
  vm.workload.burst = sim::Instructions{100'000};
  vm.workload.burst_distribution = workload::Distribution::fixed;
  vm.workload.block = 100_us;
  vm.workload.block_distribution = workload::Distribution::fixed;
  vm.workload.wake = workload::WakeSource::timer;
  const auto switching = [&](Cause cause) {
    host.vmm.exits.nested = false;
    const Results plain = run(host);
    host.vmm.exits.nested = true;
    const Results nested = run(host);
    const auto index = static_cast<std::size_t>(cause);
    return nested.time.front().per_unit_s[index] - plain.time.front().per_unit_s[index];
  };
  const double unit = static_cast<double>(vm.workload.unit.count()) / 100'000.0;  // bursts
  const double reflected_s =
      static_cast<double>(vmm::reflection(exit_hardware(host.hardware), {.nested = true}).count()) /
      2e9;
  CHECK(switching(Cause::scheduler) == Approx(unit * reflected_s).epsilon(0.01));
  host.vmm.halt_poll.most = 200_us;
  CHECK(switching(Cause::exits) == Approx(unit * reflected_s).epsilon(0.01));
}

TEST_CASE("a vCPU that polls yields its CPU to one that has work", "[exits]") {
  HostDescription host = one_cpu();
  VmDescription& waiting = host.vms.front();
  waiting.workload.burst = sim::Instructions{100'000};
  waiting.workload.block = 100_us;
  waiting.workload.wake = workload::WakeSource::timer;
  host.vmm.halt_poll.most = 200_us;
  VmDescription hog;
  hog.name = "hog";
  hog.memory = 64_MiB;
  host.vms.push_back(hog);
  const Results results = run(host);
  REQUIRE(results.violations.empty());
  CHECK(share(results, Cause::halt_polling) < 0.02);
  CHECK(metric(results, "vm.hog.cpu.utilisation") > 0.4);
}
