// vCPUs that wait for each other, with and without a CPU for all of them.
#include <catch2/catch.hpp>

#include "tests/models/results_of.hpp"
#include "tests/models/vcpus_that_wait.hpp"

using namespace sim::literals;
using namespace models;
using namespace tests;
using tests::share;

namespace {

HostDescription flushing(int guests) {
  HostDescription host = guests_of_eight(guests);
  host.vms.front().workload.sync.flush_every = sim::Instructions{1'000'000};  // 0.5 ms
  return host;
}

HostDescription locking(int guests) {
  HostDescription host = guests_of_eight(guests);
  auto& sync = host.vms.front().workload.sync;
  sync.lock_every = sim::Instructions{200'000};
  sync.lock_hold = sim::Instructions{10'000};  // 40 % of the time somebody holds it
  return host;
}

}  // namespace

TEST_CASE("with a CPU for each vCPU, flushes cost interrupts and no waiting", "[sync]") {
  const Results results = run(flushing(1));
  CHECK(share(results, Cause::spinning) < 0.01);
  // Seven that are interrupted, of 1.15 us each for who does it, in 500 us, and what they take.
  CHECK(share(results, Cause::exits) > 7 * 1.15 / 500 + 0.005);
}

TEST_CASE("a lock that is held 40 % of the time makes others wait", "[sync]") {
  const Results results = run(locking(1));
  CHECK(share(results, Cause::spinning) > 0.01);
  CHECK(share(results, Cause::spinning) < 0.2);
}

TEST_CASE("twice the vCPUs leave flushing guests far less than half", "[sync]") {
  const double alone = throughput(flushing(1));
  HostDescription crowded = flushing(2);
  crowded.without.insert(Mechanism::pause_loop_exits);
  const double two = throughput(crowded);
  CHECK(two < 0.3 * alone);
  HostDescription free = flushing(2);
  free.without.insert(Mechanism::locks);
  CHECK(throughput(free) > 0.45 * alone);
}

TEST_CASE("paravirtual flushes do not wait for vCPUs without a CPU", "[sync]") {
  HostDescription host = flushing(2);
  host.without.insert(Mechanism::pause_loop_exits);
  const double waiting = throughput(host);
  host.vms.front().kvm_features.pv_tlb_flush = true;
  CHECK(throughput(host) > 1.5 * waiting);
}

TEST_CASE("paravirtual yields hand the CPU to vCPUs that flushes wait for", "[sync]") {
  HostDescription host = flushing(2);
  host.without.insert(Mechanism::pause_loop_exits);
  const double waiting = throughput(host);
  host.vms.front().kvm_features.pv_sched_yield = true;
  CHECK(throughput(host) > 1.1 * waiting);
}

TEST_CASE("a queued lock collapses when its next owner has lost the CPU; a paravirtual one holds",
          "[sync]") {
  const double alone = throughput(locking(1));
  HostDescription host = locking(2);
  const double yielding = throughput(host);
  host.without.insert(Mechanism::pause_loop_exits);
  const double queued = throughput(host);
  CHECK(queued < 0.3 * alone);
  // A window is counted from where the vCPU is in its guest, not from where its thread is switched
  // to: yields before that kept CPUs at nothing but switching.
  CHECK(yielding > 1.5 * queued);
  host.vms.front().kvm_features.pv_unhalt = true;
  CHECK(throughput(host) > 1.5 * queued);
}

TEST_CASE("pause-loop exits hand the CPU to somebody who can use it", "[sync]") {
  HostDescription host = flushing(2);
  const Results with = run(host);
  CHECK(metric(with, "vm.guest.pause_exits") > 100);
  host.without.insert(Mechanism::pause_loop_exits);
  const Results without = run(host);
  CHECK(metric(without, "vm.guest.pause_exits") == 0);
  CHECK(metric(with, "vm.guest.throughput") > 1.1 * metric(without, "vm.guest.throughput"));
}

TEST_CASE("before Linux 5.13 nobody yields to a vCPU that lost its CPU in user mode", "[sync]") {
  HostDescription host = flushing(2);
  const double yielding = throughput(host);
  host.vmm.pause_loop.interrupted = false;
  const double user = throughput(host);
  CHECK(user < 0.8 * yielding);
  host.vms.front().workload.sync.kernel_share = 1.0;
  CHECK(throughput(host) > 1.2 * user);
}

TEST_CASE("before Linux 4.14 whoever lost its CPU is yielded to, in user mode, too", "[sync]") {
  HostDescription host = flushing(2);
  host.vmm.pause_loop.interrupted = false;
  const double user = throughput(host);
  host.vmm.pause_loop.in_kernel = false;
  CHECK(throughput(host) > 1.2 * user);
}

TEST_CASE("before Linux 5.3 nobody yields to a vCPU that has just been woken", "[sync]") {
  // Of those that were woken few hold the lock; who lost its CPU may.
  HostDescription host = locking(3);
  host.vmm.pause_loop.interrupted = host.vmm.pause_loop.kicked = false;
  host.vmm.pause_loop.in_kernel = true;
  const double to_woken = throughput(host);
  host.vmm.pause_loop.woken = false;
  CHECK(throughput(host) > 1.03 * to_woken);
}

TEST_CASE("who yields to those that it interrupted itself need not know the others'", "[sync]") {
  HostDescription host = flushing(2);
  host.vmm.pause_loop.interrupted = false;
  const double user = throughput(host);
  host.vmm.pause_loop.own_interrupts = true;
  CHECK(throughput(host) > 1.2 * user);
}

TEST_CASE("spinning is no work", "[sync]") {
  HostDescription host = locking(1);
  host.without.insert(Mechanism::ticks);
  const Results results = run(host);
  const double instructions = metric(results, "vm.guest.instructions");
  CHECK(instructions ==
        Approx(8 * 2e9 * (1 - share(results, Cause::spinning) - share(results, Cause::exits)))
            .epsilon(0.01));
}

TEST_CASE("Xen has no pause-loop exits here", "[sync]") {
  HostDescription host = flushing(2);
  host.vmm.architecture = Architecture::xen;
  CHECK(metric(run(host), "vm.guest.pause_exits") == 0);
}

// Yields that took CPUs from threads still being switched to left them busy with nothing else.
TEST_CASE("directed yields of spinning guests leave a neighbour its share of a CPU", "[locks]") {
  HostDescription host = locking(2);
  host.vms.front().workload.sync.lock_hold = sim::Instructions{50'000};
  host.vms.front().pin.mode = PinMode::cpus;
  for (int cpu = 0; cpu < 8; ++cpu) host.vms.front().pin.cpus.push_back({cpu});
  VmDescription narrow = guests_of_eight(1).vms.front();
  narrow.name = "narrow";
  narrow.vcpus = 2;
  narrow.pin = {.mode = PinMode::cpus, .cpus = {{0}, {1}}};
  host.vms.push_back(narrow);
  const double yielded_to = metric(run(host), "vm.narrow.throughput");
  host.without.insert(Mechanism::pause_loop_exits);
  CHECK(yielded_to > 0.9 * metric(run(host), "vm.narrow.throughput"));
}

TEST_CASE("an unfair lock is taken by whoever has a CPU, so that it does not collapse", "[sync]") {
  HostDescription host = locking(2);
  host.without.insert(Mechanism::pause_loop_exits);
  const double in_turn = throughput(host);
  host.vms.front().kvm_features.fair_locks = false;
  CHECK(throughput(host) > 1.5 * in_turn);
  // With a CPU for each, who is first hardly matters.
  HostDescription alone = locking(1);
  const double fair = throughput(alone);
  alone.vms.front().kvm_features.fair_locks = false;
  CHECK(throughput(alone) == Approx(fair).epsilon(0.05));
}
