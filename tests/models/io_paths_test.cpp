#include "models/io_paths.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "models/host.hpp"
#include "sim/error.hpp"
#include "tests/models/one_disk_host.hpp"
#include "tests/models/results_of.hpp"

using namespace models;
using namespace sim::literals;

namespace {

HostDescription host(Architecture architecture) {
  HostDescription host = tests::one_disk_host(architecture, "fio");
  workload::IoProfile& io = host.vms[0].workload.io;
  io.jobs = 1;
  io.submit = sim::Instructions{10'000};
  io.complete = sim::Instructions{5'000};
  return host;
}

Results run(const HostDescription& host, sim::Duration time = 2_s) {
  Results results = simulate(host, {.duration = time, .warmup = 100_ms}, {.check = true});
  CHECK(results.violations == std::vector<std::string>{});
  return results;
}

double metric(const Results& results, const std::string& name) {
  return tests::metric(results, "vm.fio." + name);
}

}  // namespace

TEST_CASE("a process on bare metal waits for its own instructions and the disk, no more") {
  HostDescription bare = host(Architecture::container);
  bare.without.insert(Mechanism::switch_cost);
  bare.without.insert(Mechanism::ticks);
  const Results results = run(bare);
  CHECK(metric(results, "io.latency.mean") == Approx(115e-6).epsilon(0.002));
  CHECK(metric(results, "io.rate") == Approx(1 / 115e-6).epsilon(0.002));
  CHECK(metric(results, "throughput") == Approx(metric(results, "io.rate")));
}

TEST_CASE("a vCPU waits for storage while its jobs do, and is idle while they think") {
  HostDescription guest = host(Architecture::container);
  guest.without.insert(Mechanism::switch_cost);
  guest.without.insert(Mechanism::ticks);
  guest.vms[0].vcpus = 2;  // the job runs on the first
  guest.vms[0].workload.io.think = 285_us;
  const Results results = run(guest, 10_s);
  const TimeShares& time = results.time.front();
  const auto share = [&](Cause cause) { return time.share[static_cast<std::size_t>(cause)]; };
  CHECK(share(Cause::storage) == Approx(0.5 * 100 / 400).epsilon(0.02));
  CHECK(share(Cause::idle) == Approx(0.5 + 0.5 * 285 / 400).epsilon(0.02));
  // The second has nothing to do, so it is no part of what a unit of work takes.
  CHECK(time.per_unit_s[static_cast<std::size_t>(Cause::idle)] == Approx(285e-6).epsilon(0.02));
}

TEST_CASE("a vCPU that polls waits for storage, too, where that is all that it waits for") {
  HostDescription guest = host(Architecture::kvm);
  guest.vmm.halt_poll.most = 2_ms;
  const TimeShares time = run(guest, 5_s).time.front();
  const auto per_unit = [&](Cause cause) {
    return time.per_unit_s[static_cast<std::size_t>(cause)];
  };
  CHECK(time.share[static_cast<std::size_t>(Cause::halt_polling)] > 0.3);
  CHECK(per_unit(Cause::halt_polling) == 0.0);
  CHECK(per_unit(Cause::idle) == 0.0);
  CHECK(per_unit(Cause::storage) + per_unit(Cause::io_threads) > 80e-6);
}

TEST_CASE("more depth fills the disk until nothing more goes through it") {
  HostDescription deep = host(Architecture::container);
  deep.vms[0].workload.io.depth = 8;
  CHECK(metric(run(deep), "io.rate") == Approx(10'000).epsilon(0.01));
}

TEST_CASE("a guest pays for its VMM's thread, and emulation can be switched off") {
  const Results bare = run(host(Architecture::container));
  HostDescription guest = host(Architecture::kvm);
  const Results emulated = run(guest);
  CHECK(metric(emulated, "io.rate") < 0.9 * metric(bare, "io.rate"));
  CHECK(metric(emulated, "io.time.vmm") > 0.1);
  CHECK(metric(emulated, "io.kicks") == Approx(1.0).epsilon(0.01));
  guest.without.insert(Mechanism::emulation);
  CHECK(metric(run(guest), "io.time.vmm") == Approx(0.0).margin(1e-6));
}

TEST_CASE("at depth one request's kick and interrupt serve others as well") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 10_us;
  guest.vms[0].workload.io.depth = 32;
  const Results results = run(guest, 500_ms);
  CHECK(metric(results, "io.kicks") < 0.7);
  CHECK(metric(results, "io.interrupts") < 0.9);
}

// The loop reaps nothing before it has taken all four requests, nor takes one before it has reaped
// all four: the guest asks for the next four meanwhile.
TEST_CASE("what is asked for at once is taken at once, and completed so: one kick serves a depth") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].vcpus = 2;
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 30_us;
  guest.vms[0].workload.io.depth = 4;
  guest.vms[0].workload.io.submit = guest.vms[0].workload.io.complete = sim::Instructions{1'000};
  CHECK(metric(run(guest, 500_ms), "io.kicks") == Approx(0.25).epsilon(0.01));
}

TEST_CASE("who submits pins a request's pages") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.io.block = 64_KiB;
  const double before_s = metric(run(guest), "io.latency.mean");
  guest.vmm.block.pin = sim::Cycles{1'000};
  CHECK(metric(run(guest), "io.latency.mean") - before_s == Approx(16e-6).epsilon(0.01));
}

TEST_CASE("disks on one event loop share it; an I/O thread of its own frees a disk") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.vms[0].vcpus = 2;
  guest.vms[0].workload.io.jobs = 2;
  guest.vms[0].workload.io.depth = 32;
  guest.vms[0].disks.push_back(guest.vms[0].disks[0]);
  const double shared = metric(run(guest, 500_ms), "io.rate");
  for (DiskDescription& disk : guest.vms[0].disks) disk.iothread = true;
  CHECK(metric(run(guest, 500_ms), "io.rate") > 1.2 * shared);
}

namespace {

// A disk with an I/O thread that may poll as long as `most`, on CPUs of 3 GHz.
HostDescription polling(sim::Duration device, sim::Duration most) {
  HostDescription guest = host(Architecture::kvm);
  guest.hardware.frequency = sim::Hertz{3e9};
  guest.storage.disks[0].device.memory.service = device;
  guest.vms[0].disks[0].iothread = true;
  guest.vmm.block.poll.most = most;
  return guest;
}

}  // namespace

// Waits for a device of 10 us and for the guest between are within the window, which begins at 4 us
// and doubles; for one of 200 us they are not.
TEST_CASE("an I/O thread that polls needs neither kicks nor wake-ups, as long as waits are short") {
  const auto of = [](sim::Duration device, sim::Duration most, const char* shown) {
    return metric(run(polling(device, most), 500_ms), shown);
  };
  const sim::Duration most = vmm::BlockCosts{}.poll.most;
  CHECK(of(10_us, 0_us, "io.kicks") == Approx(1.0).epsilon(0.01));
  CHECK(of(10_us, most, "io.kicks") < 0.05);
  // Two wake-ups and switches of 5 us, for the request and its completion, two rounds of 4 us, and
  // the kick with its exit: less than another wake-up and round.
  const double asleep_s = of(10_us, 0_us, "io.latency.mean");
  const double awake_s = of(10_us, most, "io.latency.mean");
  CHECK(asleep_s - awake_s > 18e-6);
  CHECK(asleep_s - awake_s < 27e-6);
  CHECK(of(200_us, most, "io.latency.mean") ==
        Approx(of(200_us, 0_us, "io.latency.mean")).epsilon(0.01));
}

TEST_CASE("the VMM's main loop does not poll, and polling can be switched off") {
  HostDescription guest = polling(10_us, 32_us);
  guest.vms[0].disks[0].iothread = false;
  CHECK(metric(run(guest, 500_ms), "io.kicks") == Approx(1.0).epsilon(0.01));
  guest.vms[0].disks[0].iothread = true;
  guest.without.insert(Mechanism::halt_polling);
  CHECK(metric(run(guest, 500_ms), "io.kicks") == Approx(1.0).epsilon(0.01));
}

TEST_CASE("a thread that polls is at work on its CPU all the while") {
  const auto busy = [](sim::Duration most) {
    return tests::metric(run(polling(20_us, most), 500_ms), "host.cpu.utilisation") * 4;
  };
  CHECK(busy(32_us) > busy(0_us) + 0.2);
}

TEST_CASE("guests of one privileged domain share its one CPU") {
  HostDescription guests = host(Architecture::xen);
  guests.storage.disks[0].device.memory.parallel = 64;
  guests.vms[0].count = 3;
  guests.vms[0].workload.io.depth = 32;
  guests.vmm.backend = Backend::dom0;
  const double one_domain = metric(run(guests, 500_ms), "io.rate");
  guests.vmm.backend = Backend::stub_domain;
  CHECK(metric(run(guests, 500_ms), "io.rate") > 1.5 * one_domain);
}

TEST_CASE("limits hold: operations a second as asked") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.io.depth = 8;
  guest.vms[0].disks[0].iotune.total_iops_sec = 500;
  CHECK(metric(run(guest, 4_s), "io.rate") == Approx(500).epsilon(0.01));
}

TEST_CASE("limits, images' metadata and I/O schedulers can be switched off") {
  HostDescription limited = host(Architecture::container);
  limited.vms[0].disks[0].iotune.total_iops_sec = 500;
  CHECK(metric(run(limited), "io.rate") == Approx(500).epsilon(0.05));
  limited.without.insert(Mechanism::io_limits);
  CHECK(metric(run(limited), "io.rate") ==
        Approx(metric(run(host(Architecture::container)), "io.rate")));

  HostDescription sparse = host(Architecture::kvm);
  sparse.vms[0].workload.io.read_share = 0.0;
  const double raw = metric(run(sparse), "io.rate");
  sparse.vms[0].disks[0].image = {.format = storage::image::Format::qcow2};
  CHECK(metric(run(sparse), "io.rate") < 0.6 * raw);
  sparse.without.insert(Mechanism::image_metadata);
  CHECK(metric(run(sparse), "io.rate") == Approx(raw));

  HostDescription queued = host(Architecture::container);
  queued.storage.disks[0].device.memory.parallel = 4;
  queued.vms[0].workload.io.depth = 4;
  queued.storage.disks[0].queue = {.scheduler = storage::queue::Scheduler::bfq, .depth = 1};
  CHECK(metric(run(queued), "io.rate") < 10'001);
  queued.without.insert(Mechanism::io_scheduling);
  CHECK(metric(run(queued), "io.rate") > 30'000);
}

TEST_CASE("where an I/O's time went: limits, an image's metadata, parity, disks") {
  const auto share = [](const Results& results, Cause cause) {
    return results.time.front().share[static_cast<std::size_t>(cause)];
  };
  HostDescription limited = host(Architecture::container);
  limited.vms[0].disks[0].iotune.total_iops_sec = 500;
  const Results slow = run(limited, 4_s);
  // An I/O every 2 ms, of which the disk takes 100 us.
  CHECK(metric(slow, "io.time.limits") == Approx(0.94).margin(0.01));
  CHECK(metric(slow, "io.time.storage") == Approx(0.05).margin(0.01));
  CHECK(share(slow, Cause::io_limits) == Approx(0.94).margin(0.02));

  HostDescription sparse = host(Architecture::kvm);
  sparse.vms[0].workload.io.read_share = 0.0;
  CHECK(metric(run(sparse), "io.time.image") == 0.0);
  sparse.vms[0].disks[0].image = {.format = storage::image::Format::qcow2};
  const Results grown = run(sparse);
  CHECK(metric(grown, "io.time.image") > 0.3);
  CHECK(share(grown, Cause::image_metadata) > 0.3);

  // A small write on RAID 5 reads for 100 us, then writes for as long.
  HostDescription parity = host(Architecture::container);
  parity.storage.disks[0].count = 5;
  HostArray& array = parity.storage.arrays.emplace_back();
  array.name = "md0";
  array.disks = {"sda"};
  array.raid.level = storage::raid::Level::raid5;
  array.raid.rotational = false;
  parity.vms[0].disks[0].on = "md0";
  parity.vms[0].workload.io.read_share = 0.0;
  const Results computed = run(parity);
  CHECK(metric(computed, "io.time.redundancy") == Approx(0.5).margin(0.05));
  CHECK(share(computed, Cause::redundancy) == Approx(0.5).margin(0.05));
  CHECK(metric(computed, "io.time.storage") == Approx(0.42).margin(0.05));
  parity.vms[0].workload.io.read_share = 1.0;
  CHECK(metric(run(parity), "io.time.redundancy") == 0.0);
}

// Reads that miss wait for the disk, writes until others are on it; of QEMU's one thread, which
// the kernel's write-back does not use, nobody waits for long.
TEST_CASE("buffered I/O waits for the disk, not for threads that write back") {
  HostDescription buffered = host(Architecture::kvm);
  buffered.vms[0].workload.io.read_share = 0.5;
  buffered.vms[0].disks[0].cache.mode = storage::cache::Mode::writeback;
  buffered.vms[0].disks[0].cache.size = 16_MiB;
  buffered.storage.disks[0].device.memory.service = 2_ms;
  const Results results = run(buffered);
  CHECK(metric(results, "io.time.storage") > 0.8);
  CHECK(metric(results, "io.time.vmm") < 0.15);
  // What is cached costs threads alone.
  buffered.vms[0].workload.io.read_share = 1.0;
  buffered.vms[0].disks[0].cache.size = 2_GiB;
  buffered.vms[0].disks[0].cache.warm = 1.0;
  CHECK(metric(run(buffered), "io.time.storage") == 0.0);
}

TEST_CASE("a guest's own cache may be passed by, or written through") {
  const auto latency_s = [](storage::cache::Mode mode, bool direct = false) {
    HostDescription guest = host(Architecture::container);
    guest.vms[0].workload.io.read_share = 0.0;
    guest.vms[0].workload.io.direct = direct;
    guest.vms[0].workload.io.think = 1_ms;
    guest.vms[0].disks[0].guest_cache.mode = mode;
    return metric(run(guest), "io.latency.mean");
  };
  CHECK(latency_s(storage::cache::Mode::writeback) < 50e-6);
  CHECK(latency_s(storage::cache::Mode::none) == latency_s(storage::cache::Mode::writeback, true));
  CHECK(latency_s(storage::cache::Mode::writethrough) > 200e-6);
  CHECK(latency_s(storage::cache::Mode::directsync) > 200e-6);
}

// The disk takes 100 us for a flush, too; the guest, which sees no write cache, sends none itself.
TEST_CASE("without a write cache each write is flushed once, by the VMM") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.io.read_share = 0.0;
  const double written_s = metric(run(guest), "io.latency.mean");
  guest.vms[0].disks[0].cache.mode = storage::cache::Mode::directsync;
  const double durable_s = metric(run(guest), "io.latency.mean");
  CHECK(durable_s > written_s + 100e-6);
  CHECK(durable_s < written_s + 150e-6);
  guest.vms[0].workload.io.sync_every = 1;
  CHECK(metric(run(guest), "io.latency.mean") == Approx(durable_s).epsilon(0.02));
}

// One after the other, a write and a flush of 100 us each make 5,000 a second.
TEST_CASE("jobs of a guest share flushes") {
  const auto durable_writes = [](int vcpus, bool queue_per_vcpu) {
    HostDescription guest = host(Architecture::kvm);
    guest.vmm.block.queue_per_vcpu = queue_per_vcpu;
    guest.vms[0].vcpus = vcpus;
    workload::IoProfile& io = guest.vms[0].workload.io;
    io.jobs = 8;
    io.read_share = 0.0;
    io.sync_every = 1;
    return metric(run(guest), "io.rate");
  };
  CHECK(durable_writes(1, true) > 7'000);
  CHECK(durable_writes(2, false) > 7'000);
}

TEST_CASE("a sparse qcow2 image allocates on the first write and reads zeroes without the disk") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].disks[0].size = 1_GiB;
  guest.vms[0].disks[0].image = {.format = storage::image::Format::qcow2};
  guest.vms[0].workload.io.read_share = 0.0;
  guest.vms[0].workload.io.requests = 100;
  const Results written = run(guest);
  CHECK(metric(written, "image.zeroes") > 90);  // of clusters first written to
  CHECK(metric(written, "image.syncs") >= 1);
  guest.vms[0].workload.io.read_share = 1.0;
  CHECK(metric(run(guest), "image.writes") == 0);
}

TEST_CASE("writes through the guest's page cache return at once, fsync waits for the disk") {
  HostDescription guest = host(Architecture::kvm);
  workload::IoProfile& io = guest.vms[0].workload.io;
  io.read_share = 0.0;
  io.direct = false;
  io.cached = sim::Instructions{5'000};
  io.span = 16_MiB;
  io.think = 1_ms;
  CHECK(metric(run(guest), "io.latency.p50") < 20e-6);
  io.sync_every = 1;
  guest.vms[0].disks[0].formatted = true;
  const Results synced = run(guest);
  CHECK(metric(synced, "io.syncs") == Approx(metric(synced, "io.writes")).epsilon(0.01));
  CHECK(metric(synced, "transactions.latency.p50") > 200e-6);  // data, journal, commit
}

// Its size is that of the range which the guest's cache writes back, no data of its own.
TEST_CASE("a flush goes out as one request, however large the file") {
  HostDescription cached = host(Architecture::kvm);
  cached.vms[0].disks[0].guest_cache.size = 256_MiB;
  cached.vms[0].workload.io.read_share = 0.0;
  cached.vms[0].workload.io.direct = false;
  cached.vms[0].workload.io.span = 1_GiB;
  cached.vms[0].workload.io.files = 2;
  cached.vms[0].workload.io.sync_every = 1;
  const Results results = run(cached);
  CHECK(metric(results, "io.syncs") > 100);
  CHECK(metric(results, "io.interrupts") < 5.0);  // of a transaction: what was written, the flush
}

TEST_CASE("arrivals come as often as asked, whatever the disk takes") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.io.arrivals = sim::Hertz{1'000};
  CHECK(metric(run(guest, 5_s), "transactions") == Approx(1'000).epsilon(0.05));
}

TEST_CASE("a process goes on beside the jobs of its vCPU, which go first") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.idle = false;
  guest.vms[0].workload.io.arrivals = sim::Hertz{1'000};
  const Results both = run(guest);
  guest.vms[0].workload.io.jobs = 0;
  guest.vms[0].disks.clear();
  const double alone = metric(run(guest), "throughput");
  // 15 000 instructions, 1 000 times a second, and the exits around them.
  CHECK(metric(both, "throughput") < 0.985 * alone);
  CHECK(metric(both, "throughput") > 0.9 * alone);
  CHECK(metric(both, "io.rate") == Approx(1'000).epsilon(0.1));
}

TEST_CASE(
    "what cannot be is told: no disk, a name that is not there, guests larger than the disk") {
  HostDescription none = host(Architecture::kvm);
  none.vms[0].disks.clear();
  CHECK_THROWS_WITH(check(none), Catch::Contains("its workload does I/O"));
  HostDescription unknown = host(Architecture::kvm);
  unknown.vms[0].disks[0].on = "sdb";
  CHECK_THROWS_WITH(check(unknown), Catch::Contains("\"sdb\""));
  HostDescription large = host(Architecture::kvm);
  large.vms[0].disks[0].size = sim::Bytes{std::int64_t{2} << 40};
  CHECK_THROWS_WITH(simulate(large, {.duration = 1_ms, .warmup = {}}),
                    Catch::Contains("guests' disks there want more"));
}

TEST_CASE("an array's parity is computed by a thread of the host, which needs a CPU") {
  HostDescription guest = host(Architecture::container);
  guest.storage.disks[0].count = 5;
  HostArray& array = guest.storage.arrays.emplace_back();
  array.name = "array0";
  array.disks = {"sda"};
  array.raid.level = storage::raid::Level::raid5;
  guest.vms[0].disks[0].on = "array0";
  guest.vms[0].workload.io.read_share = 0.0;
  const Results results = run(guest);
  // Two reads, then two writes of 100 us, and the thread between them.
  CHECK(metric(results, "io.latency.mean") > 215e-6);
  CHECK(metric(results, "io.latency.mean") < 300e-6);
}

TEST_CASE("threads that lose their CPU on the way to sleep take up the next request") {
  // Busy vCPUs on all CPUs; whoever is woken preempts the thread that woke it.
  HostDescription crowded = host(Architecture::kvm);
  VmDescription& vm = crowded.vms[0];
  vm.vcpus = 4;
  vm.pin.mode = PinMode::core;
  vm.workload.idle = false;
  vm.workload.io.jobs = 8;
  vm.workload.io.think = 10_ms;
  crowded.storage.disks[0].device.memory.parallel = 8;
  VmDescription other = vm;
  other.name = "other";
  crowded.vms.push_back(other);
  const Results results = run(crowded, 4_s);
  CHECK(metric(results, "io.rate") > 300);  // 8 jobs every 10 ms and some waiting for a CPU
}

TEST_CASE("a process that waits between bursts goes on beside arrivals of I/O") {
  HostDescription guest = host(Architecture::kvm);
  VmDescription& vm = guest.vms[0];
  vm.workload.idle = false;
  vm.workload.burst = sim::Instructions{1'000'000};
  vm.workload.burst_distribution = workload::Distribution::fixed;
  vm.workload.block = 1_ms;
  vm.workload.block_distribution = workload::Distribution::fixed;
  vm.workload.wake = workload::WakeSource::timer;
  vm.workload.unit = sim::Instructions{1'000'000};
  vm.workload.io.arrivals = sim::Hertz{5'000};
  const Results results = run(guest, 4_s);
  CHECK(metric(results, "throughput") > 350);  // of 500 without the I/O
  CHECK(metric(results, "io.rate") == Approx(5'000).epsilon(0.05));
}

TEST_CASE("a container's limits hold, they are its cgroup's") {
  HostDescription bare = host(Architecture::container);
  bare.vms[0].workload.io.depth = 8;
  bare.vms[0].disks[0].iotune.total_iops_sec = 500;
  CHECK(metric(run(bare, 4_s), "io.rate") == Approx(500).epsilon(0.01));
}

TEST_CASE("virtio-scsi costs the event loop more than virtio-blk") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 10_us;
  guest.vms[0].workload.io.depth = 32;
  const double block = metric(run(guest, 500_ms), "io.rate");
  guest.vms[0].disks[0].bus = DiskBus::virtio_scsi;
  CHECK(metric(run(guest, 500_ms), "io.rate") < 0.95 * block);
}

TEST_CASE("IDE serves one request at a time, each with a dozen exits to the VMM") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.vms[0].workload.io.depth = 8;
  guest.vms[0].disks[0].bus = DiskBus::ide;
  const double one = metric(run(guest, 500_ms), "io.rate");
  CHECK(one < 1 / 100e-6);
  guest.vms[0].disks[0].bus = DiskBus::sata;
  CHECK(metric(run(guest, 500_ms), "io.rate") > 2 * one);
}

TEST_CASE("a kick that the kernel does not take goes out to the VMM's process") {
  HostDescription guest = host(Architecture::kvm);
  const double taken_s = metric(run(guest), "io.latency.mean");
  guest.vmm.block.ioeventfd = false;
  const double out_s = metric(run(guest), "io.latency.mean");
  const vmm::ExitCosts& exits = guest.vmm.exits;
  const double more = static_cast<double>(exits.user.count()) / 1e9;
  CHECK(out_s - taken_s == Approx(more).epsilon(0.3));
}

TEST_CASE("writes of a round complete together where the VMM submits them as one") {
  HostDescription guest = host(Architecture::kvm);
  // One slow request of the round keeps all of them: a device of one request at a time.
  guest.vms[0].workload.io.read_share = 0.0;
  guest.vms[0].workload.io.depth = 8;
  guest.vms[0].workload.io.submit = sim::Instructions{2'000};  // faster than requests are popped
  const double apart = metric(run(guest), "io.latency.p50");
  guest.vmm.block.multiwrite = true;
  CHECK(metric(run(guest), "io.latency.mean") > 1.05 * apart);
}

TEST_CASE("neighbours among the requests of a round are one I/O where the VMM merges them") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].workload.io.depth = 16;
  const auto merged = [&] {
    const Results results = run(guest, 500_ms);
    return metric(results, "io.rate") / tests::metric(results, "host.disk.sda.reads");
  };
  guest.vms[0].workload.io.pattern = workload::Pattern::sequential;
  CHECK(merged() == Approx(1).epsilon(0.02));
  guest.vmm.block.request_merging = true;
  CHECK(merged() > 3);
  guest.vms[0].disks[0].bus = DiskBus::virtio_scsi;
  CHECK(merged() == Approx(1).epsilon(0.02));
  guest.vms[0].disks[0].bus = DiskBus::virtio_blk;
  guest.vms[0].workload.io.pattern = workload::Pattern::random;
  CHECK(merged() == Approx(1).epsilon(0.02));
}

TEST_CASE("the host's page cache is served by threads: misses of different jobs overlap") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 8;
  guest.vms[0].workload.io.depth = 8;
  guest.vms[0].disks[0].cache.mode = storage::cache::Mode::writeback;
  guest.vms[0].disks[0].cache.size = 16_MiB;
  CHECK(metric(run(guest, 500_ms), "io.rate") > 2 / 100e-6);
}

// The loop hands each request to a thread and takes it back, which costs it as much as submitting;
// the threads' work comes on top.
TEST_CASE("threads relieve a busy loop of little, io_uring of a part of submitting") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 10_us;
  guest.vms[0].vcpus = 4;
  guest.vms[0].workload.io.jobs = 4;
  guest.vms[0].workload.io.depth = 32;
  const auto rate_and_cpu = [&](Aio aio) {
    guest.vms[0].disks[0].aio = aio;
    const Results results = run(guest, 300_ms);
    return std::pair{metric(results, "io.rate"), tests::metric(results, "host.cpu.utilisation")};
  };
  const auto [native, native_cpu] = rate_and_cpu(Aio::native);
  const auto [threads, threads_cpu] = rate_and_cpu(Aio::threads);
  const auto [uring, uring_cpu] = rate_and_cpu(Aio::io_uring);
  CHECK(threads == Approx(native).epsilon(0.15));
  CHECK(threads_cpu / threads > 1.3 * native_cpu / native);
  CHECK(uring > 1.02 * native);
  CHECK(uring < 1.1 * native);
}

TEST_CASE("vCPUs take turns in an emulated disk, and not while QEMU's loop is at work") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 10_us;
  guest.vms[0].disks[0].bus = DiskBus::sata;
  const auto rate = [&](int vcpus) {
    guest.vms[0].vcpus = guest.vms[0].workload.io.jobs = vcpus;
    guest.vms[0].workload.io.depth = 32;
    return metric(run(guest, 300_ms), "io.rate");
  };
  const double two = rate(2);
  CHECK(rate(4) < 1.1 * two);
  const topology::Description& hardware = guest.hardware;
  const double in_device_s = 4 * 7'500 / hardware.frequency.count();
  CHECK(two < 1 / in_device_s);
}

TEST_CASE("a disk's one interrupt is handed on to the vCPU that submitted, which takes longer") {
  HostDescription guest = host(Architecture::kvm);
  guest.vms[0].vcpus = 2;
  const Results own = run(guest, 500_ms);
  guest.vmm.block.queue_per_vcpu = false;
  const Results one = run(guest, 500_ms);
  CHECK(metric(one, "io.latency.mean") > metric(own, "io.latency.mean") + 3e-6);
  CHECK(metric(one, "io.interrupts") == Approx(1.0).epsilon(0.01));
  guest.vms[0].vcpus = 1;
  const double alone = metric(run(guest, 500_ms), "io.latency.mean");
  CHECK(alone == Approx(metric(own, "io.latency.mean")).epsilon(0.01));
}

TEST_CASE("one interrupt serves all completions that its vCPU finds, and each vCPU is told once") {
  HostDescription guest = host(Architecture::kvm);
  guest.storage.disks[0].device.memory.parallel = 64;
  guest.storage.disks[0].device.memory.service = 10_us;
  guest.vms[0].vcpus = 4;
  guest.vms[0].workload.io.jobs = 2;
  guest.vms[0].workload.io.depth = 32;
  guest.vmm.block.queue_per_vcpu = false;
  const Results results = run(guest, 500_ms);
  CHECK(metric(results, "io.interrupts") < 0.9);
}

// As far as the host says that two threads of a core come together.
TEST_CASE("a thread of the VMM is slower beside a busy sibling of its core") {
  const auto rate = [](double yield) {
    HostDescription shared = host(Architecture::kvm);
    shared.hardware.cores_per_node = 1;
    shared.hardware.threads_per_core = 2;
    shared.hardware.llc.shared_by = 2;
    shared.hardware.smt_yield = yield;
    shared.storage.disks.front().device.memory.service = 1_us;
    shared.vms[0].workload.io.submit = sim::Instructions{1};  // all work is the VMM's
    shared.vms[0].workload.io.complete = sim::Instructions{1};
    VmDescription busy = shared.vms.front();
    busy.name = "busy";
    busy.disks.clear();
    busy.workload = {};
    busy.pin = {.mode = PinMode::cpus, .cpus = {{1}}};
    shared.vms.front().pin = {.mode = PinMode::cpus, .cpus = {{0}}};
    shared.vms.push_back(busy);
    return metric(run(shared), "io.rate");
  };
  CHECK(rate(1.1) < 0.85 * rate(1.6));
}

namespace {

// Two processes that read 4 KiB each from the start of the disk on, in order, at a disk that takes
// one request at a time.
HostDescription two_readers(storage::queue::Scheduler scheduler) {
  HostDescription guest = host(Architecture::kvm);
  workload::IoProfile& io = guest.vms[0].workload.io;
  io.jobs = 2;
  io.depth = 8;
  io.block = 4_KiB;
  io.read_share = 1.0;
  io.pattern = workload::Pattern::sequential;
  guest.vms[0].disks.front().queue.scheduler = scheduler;
  return guest;
}

}  // namespace

TEST_CASE("the guest's I/O scheduler merges neighbours before its driver sees them") {
  using storage::queue::Scheduler;
  const Results plain = run(two_readers(Scheduler::noop));
  const Results deadline = run(two_readers(Scheduler::deadline));
  const auto merged = [](const Results& results) {
    return metric(results, "io.rate") / tests::metric(results, "host.disk.sda.reads");
  };
  CHECK(merged(plain) == Approx(1.0).epsilon(0.01));
  HostDescription ide = two_readers(Scheduler::deadline);
  ide.vms[0].disks.front().bus = DiskBus::ide;  // one request at a time: others wait and merge
  CHECK(merged(run(ide)) > 2.0);
  CHECK(metric(deadline, "io.rate") > 0.95 * metric(plain, "io.rate"));
}

TEST_CASE("CFQ in the guest gives each process its slice of the disk") {
  HostDescription guest = two_readers(storage::queue::Scheduler::cfq);
  guest.vms[0].workload.io.depth = 1;
  const double sliced = metric(run(guest), "io.rate");
  guest.vms[0].disks.front().queue.scheduler = storage::queue::Scheduler::noop;
  // It idles for each process's next request while the other's wait.
  const double plain = metric(run(guest), "io.rate");
  CHECK(sliced < 0.9 * plain);
  guest.vms[0].disks.front().queue.scheduler = storage::queue::Scheduler::cfq;
  guest.without.insert(Mechanism::io_scheduling);
  CHECK(metric(run(guest), "io.rate") == plain);
}

TEST_CASE("a container has no I/O scheduler of its own") {
  HostDescription container = host(Architecture::container);
  container.vms[0].disks.front().queue.scheduler = storage::queue::Scheduler::cfq;
  CHECK_THROWS_WITH(check(container), Catch::Contains("a container uses the host's kernel"));
}

TEST_CASE("a quota of the emulators, or of an I/O thread, holds back the disks that these serve") {
  HostDescription guest = host(Architecture::kvm);
  guest.vmm.scheduler = SchedulerKind::cfs;
  guest.vms[0].workload.io.depth = 8;
  guest.storage.disks[0].device.memory.service = 1_us;
  const auto rate = [&] { return metric(run(guest), "io.rate"); };
  const double free = rate();
  guest.vms[0].cputune.emulator_quota = 5_ms;  // of 100
  CHECK(rate() < 0.2 * free);
  guest.vms[0].disks[0].iothread = true;
  const double beside = rate();
  CHECK(beside > 0.8 * free);
  guest.vms[0].cputune.iothread_quota = 5_ms;
  CHECK(rate() < 0.2 * beside);
}
