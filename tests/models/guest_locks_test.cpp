// Spinlocks of guests whose vCPUs lose their CPUs: who gets them, who sleeps, who is waited for.
#include <catch2/catch.hpp>

#include "tests/models/vcpus_that_wait.hpp"

using namespace sim::literals;
using namespace models;
using namespace tests;

namespace {

// That use a lock of their kernel.
HostDescription locking(int guests, bool paravirtual) {
  HostDescription host = guests_of_eight(guests);
  host.vmm.pause_loop.kicked = false;
  VmDescription& vm = host.vms.front();
  vm.kvm_features = {.fair_locks = false, .pv_unhalt = paravirtual};
  vm.workload.sync.lock_every = sim::Instructions{100'000};
  vm.workload.sync.lock_hold = sim::Instructions{4'000};  // 32 % of the time somebody holds it
  return host;
}

KvmFeatures& features(HostDescription& host) {
  return host.vms.front().kvm_features;
}

guest::SyncProfile& sync(HostDescription& host) {
  return host.vms.front().workload.sync;
}

// A second, of four runs: they are few and differ.
double sleeps(const HostDescription& host) {
  constexpr unsigned kRuns = 4;
  double sum = 0.0;
  for (unsigned seed = 1; seed <= kRuns; ++seed)
    sum +=
        metric(simulate(host, {.duration = 1_s, .warmup = 200_ms}, {.seed = seed, .check = true}),
               "vm.guest.lock_sleeps");
  return sum / kRuns;
}

// 40 vCPUs on as many cores, whose lock is held all the time; and a process that wakes now and
// then.
Results large(bool disturbed, sim::Duration deep) {
  HostDescription host = locking(1, true);
  host.hardware.cores_per_node = host.hardware.llc.shared_by = 40;
  host.hardware.pause = sim::Cycles{140};
  host.vms.front().vcpus = 40;
  features(host).pv_wait_preempted = true;
  sync(host).lock_masks_interrupts = true;
  sync(host).flush_every = sim::Instructions{400'000};
  VmDescription process;
  process.name = "process";
  process.vcpus = 1;
  process.memory = 1_GiB;
  process.workload.burst = sim::Instructions{20'000};
  process.workload.block = 5_ms;
  if (disturbed) host.vms.push_back(process);
  if (deep.count() > 0) host.hardware.idle_states = {{"C1", 2_us, 2_us}, {"C6", deep, 150_us}};
  return simulate(host, {.duration = 100_ms, .warmup = 50_ms}, {.seed = 3, .check = true});
}

}  // namespace

TEST_CASE("with a CPU for each vCPU, nobody sleeps for a paravirtual lock", "[locks]") {
  CHECK(sleeps(locking(1, true)) == 0);
  // Its turns are those of a lock without paravirtual features.
  CHECK(throughput(locking(1, true)) == Approx(throughput(locking(1, false))).epsilon(0.02));
}

TEST_CASE("waiters of a paravirtual lock sleep while their guest lacks CPUs", "[locks]") {
  HostDescription host = locking(3, true);
  CHECK(sleeps(host) > 50);
  host.without.insert(Mechanism::paravirtual_locks);
  CHECK(sleeps(host) == 0);
  CHECK(sleeps(locking(3, false)) == 0);
}

TEST_CASE("without paravirtual locks a guest has those of one without the feature", "[locks]") {
  HostDescription host = locking(2, true);
  host.without.insert(Mechanism::paravirtual_locks);
  CHECK(throughput(host) == throughput(locking(2, false)));
}

TEST_CASE("waiters that sleep behind one without a CPU sleep more often", "[locks]") {
  HostDescription host = locking(2, true);
  const double late = sleeps(host);
  features(host).pv_wait_preempted = true;
  CHECK(sleeps(host) > 1.5 * late);
}

TEST_CASE("a longer PAUSE lets waiters spin longer before they sleep", "[locks]") {
  HostDescription host = locking(3, true);
  const double often = sleeps(host);
  host.hardware.pause = sim::Cycles{140};  // 2.4 ms
  CHECK(sleeps(host) < 0.5 * often);
}

// 89340d0935c9: what the early wait costs is CPUs that sleep while there is work.
TEST_CASE("early waits with interrupts off cost guests that flush their TLBs", "[locks]") {
  HostDescription host = locking(3, true);
  host.hardware.pause = sim::Cycles{140};
  host.vmm.pause_loop.interrupted = false;
  sync(host).lock_masks_interrupts = true;
  sync(host).flush_every = sim::Instructions{1'000'000};
  sync(host).kernel_share = 0.9;
  const double waits = throughput(host);
  features(host).pv_wait_preempted = true;
  CHECK(throughput(host) < 0.9 * waits);
}

TEST_CASE("flushes wait for who waits for a lock with interrupts off", "[locks]") {
  HostDescription host = locking(1, false);
  sync(host).lock_every = sim::Instructions{400'000};
  sync(host).lock_hold = sim::Instructions{40'000};
  sync(host).flush_every = sim::Instructions{100'000};
  const double answered = throughput(host);
  sync(host).lock_masks_interrupts = true;
  CHECK(throughput(host) < 0.97 * answered);
}

TEST_CASE("paravirtual flushes do not wait for who sleeps for a lock", "[locks]") {
  HostDescription host = locking(2, true);
  features(host).pv_wait_preempted = true;
  sync(host).lock_masks_interrupts = true;
  sync(host).flush_every = sim::Instructions{200'000};
  const double waits = throughput(host);
  features(host).pv_tlb_flush = true;
  CHECK(throughput(host) > 1.2 * waits);
}

TEST_CASE("who kicks a lock's next owner yields to it, since Linux 5.4", "[locks]") {
  HostDescription host = locking(1, true);
  features(host).pv_wait_preempted = true;
  sync(host).lock_masks_interrupts = true;
  sync(host).flush_every = sim::Instructions{1'000'000};
  sync(host).kernel_share = 0.9;
  host.vmm.pause_loop.interrupted = false;
  VmDescription hog;
  hog.name = "hog";
  hog.vcpus = 2;
  hog.memory = 1_GiB;
  host.vms.push_back(hog);
  const double before_s = metric(run(host), "vm.guest.wakeup.mean");
  host.vmm.pause_loop.kicked = true;
  CHECK(metric(run(host), "vm.guest.wakeup.mean") < 0.5 * before_s);
}

TEST_CASE("a lock's lines come from the core that held it before", "[locks]") {
  HostDescription host = locking(1, false);
  const double bare = throughput(host);
  sync(host).lock_lines = 32;
  CHECK(throughput(host) < 0.98 * bare);
  host.without.insert(Mechanism::locks);
  const double off = throughput(host);
  sync(host).lock_lines = 0;
  CHECK(throughput(host) == off);
  // Two threads of a core share its caches.
  HostDescription one = locking(1, false);
  one.hardware.cores_per_node = 1;
  one.hardware.threads_per_core = 2;
  one.hardware.l2.shared_by = one.hardware.llc.shared_by = 2;
  one.vms.front().vcpus = 2;
  const double core = throughput(one);
  sync(one).lock_lines = 32;
  CHECK(throughput(one) == core);
}

// The lock is held all the time: what makes its uses longer makes the guest slower.
TEST_CASE("who holds a lock does not wait for lines that others write", "[locks]") {
  HostDescription host = locking(1, false);
  features(host).fair_locks = true;
  sync(host).lock_hold = sim::Instructions{40'000};
  const double alone = throughput(host);
  host.vms.front().workload.profile.contended_lines_per_kilo_instruction = 2.0;
  CHECK(throughput(host) == Approx(alone).epsilon(0.03));
}

// One wake-up of somebody else is enough: behind a waiter that has slept all sleep, and the queue
// does not empty again.
TEST_CASE("a large guest's waiters sleep for good once one has lost its CPU", "[locks]") {
  CHECK(metric(large(false, {}), "vm.guest.lock_sleeps") == 0);
  CHECK(metric(large(true, {}), "vm.guest.lock_sleeps") > 5'000);
}

TEST_CASE("CPUs of waiters that flushes interrupt do not sleep deeply", "[locks]") {
  const double awake = metric(large(true, {}), "vm.guest.throughput");
  CHECK(metric(large(true, 1_ms), "vm.guest.throughput") > 0.9 * awake);
}
