#include "models/io_paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/running_host.hpp"
#include "models/storage/image/qcow2.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// QEMU's pool has up to 64 threads, of which as many work as I/Os are under way.
constexpr int kPoolThreads = 64;
constexpr double kDom0Shares = 1024.0;  // the weight of any domain by default

constexpr double kKernelShares = 1024.0;  // nice 0, like any thread of the host

// What a qcow2 image can show of a file that may grow to `file`, tables included.
sim::Bytes image_size(const storage::image::Description& description, sim::Bytes file) {
  storage::image::Description image = description;
  const std::int64_t step = std::max<std::int64_t>(1 << 20, image.cluster.count());
  const auto fits = [&](std::int64_t steps) {
    image.size = sim::Bytes{steps * step};
    return storage::image::Qcow2::largest_file(image, image.snapshots) <= file;
  };
  std::int64_t least = 0, most = file.count() / step;
  while (least < most) {
    const std::int64_t middle = (least + most + 1) / 2;
    (fits(middle) ? least : most) = fits(middle) ? middle : middle - 1;
  }
  return sim::Bytes{least * step};
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0.0;
}

}  // namespace

IoPaths::IoPaths(RunningHost& host, const HostDescription& description)
    : host_{host},
      description_{description},
      kernel_{host},
      storage_{host.engine(), description, kernel_},
      counts_(description.vms.size()) {}

IoPaths::~IoPaths() = default;

void IoPaths::add(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  const RunningVm& owner = host_.vms_[at(vm)];
  const VmDescription& description = *owner.description;
  const VmmDescription& vmm = description_.vmm;
  const auto member = vm - host_.kinds_[at(owner.kind)].vms.front();
  RunningGuest& running = guests_.emplace_back();
  running.kind = owner.kind;
  running.description = &description;
  running.vcpus = owner.vcpus;
  running.name = fmt::format("vm.{}.{}", description.name, member);
  const bool emulated = vmm.architecture != Architecture::container &&
                        !description_.without.contains(Mechanism::emulation);
  std::vector<int> pool;
  const DiskDescription& disk = description.disks.front();
  if (emulated) {
    running.loop = std::make_unique<EventLoop>(host_, backend(vm, cpus, group));
    const int most =
        std::min(kPoolThreads, description.workload.io.jobs * description.workload.io.depth);
    for (int i = 0; disk.aio == Aio::threads && i < most; ++i)
      pool.push_back(host_.add_thread(vm, cpus, group));
  }
  running.part = storage_.part(disk.on, disk.size);
  storage::BlockDevice* below = running.part.get();
  if (emulated) {
    running.file = std::make_unique<HostFile>(*running.loop, *below, vmm.block, std::move(pool));
    below = running.file.get();
  }
  if (disk.image.format == storage::image::Format::qcow2) {
    storage::image::Description image = disk.image;
    image.size = image_size(disk.image, running.part->capacity());
    auto qcow2 = std::make_unique<storage::image::Qcow2>(*below, image);
    running.image = std::move(qcow2);
    below = running.image.get();
  }
  running.disk =
      std::make_unique<GuestDisk>(host_, disk, description.workload.io, *below, running.loop.get());
}

sim::Engine& IoPaths::KernelThread::engine() {
  return host_.engine();
}

sim::Task<> IoPaths::KernelThread::work(sim::Duration cpu_time) {
  co_await host_.run(worker_, host_.thread_work(cpu_time), scheduler::kNoCpu);
}

storage::Thread& IoPaths::KernelThreads::add(const std::string&) {
  const scheduler::GroupId group = host_.scheduler_->add_group(kKernelShares);
  return threads_.emplace_back(host_, host_.add_thread(-1, {}, group));
}

// The thread that serves the VM's disk.
int IoPaths::backend(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  const VmmDescription& vmm = description_.vmm;
  switch (vmm.backend) {
    case Backend::process:
      return host_.add_thread(vm, cpus, group);
    case Backend::stub_domain: {
      const double shares = host_.vms_[at(vm)].description->shares;
      return host_.add_thread(vm, cpus, host_.scheduler_->add_group(shares));
    }
    case Backend::dom0:
      if (dom0_.empty()) {
        const scheduler::GroupId own = host_.scheduler_->add_group(kDom0Shares);
        for (int i = 0; i < vmm.dom0_vcpus; ++i) dom0_.push_back(host_.add_thread(-1, {}, own));
      }
      return dom0_[guests_.size() % dom0_.size()];
  }
  throw sim::ModelError{"unknown place of device models"};
}

// --- jobs ---

void IoPaths::start() {
  for (RunningGuest& running : guests_) {
    running.disk->start();
    if (running.file) running.file->start();
    const workload::IoProfile& profile = running.description->workload.io;
    const sim::Bytes whole = running.disk->capacity();
    const sim::Bytes span = profile.span.count() > 0 ? std::min(profile.span, whole) : whole;
    // Jobs that read in order have each a part of their own; at random, they share all of it.
    const bool apart = profile.pattern == workload::Pattern::sequential;
    for (int job = 0; job < profile.jobs; ++job) {
      const sim::Bytes size = apart ? span / profile.jobs : span;
      running.streams.push_back(
          &streams_.emplace_back(Stream{.from = apart ? size * job : sim::Bytes{}, .size = size}));
    }
    if (profile.arrivals.count() > 0) {
      engine().spawn(arrivals(running));
      continue;
    }
    for (int job = 0; job < profile.jobs; ++job) {
      for (int slot = 0; slot < profile.depth; ++slot)
        engine().spawn(this->job(running, job, slot, *running.streams[at(job)]));
    }
  }
}

sim::Process IoPaths::job(RunningGuest& running, int job, int slot, Stream& stream) {
  const workload::IoProfile& profile = running.description->workload.io;
  sim::Random random = engine().stream(fmt::format("{}.job.{}.{}", running.name, job, slot));
  while (profile.requests == 0 || stream.issued < profile.requests) {
    co_await transaction(running, job, stream, random, engine().now());
    if (profile.think > sim::Duration::zero())
      co_await engine().delay(random.exponential(profile.think));
  }
}

sim::Process IoPaths::arrivals(RunningGuest& running) {
  const workload::IoProfile& profile = running.description->workload.io;
  sim::Random random = engine().stream(running.name + ".arrivals");
  for (int job = 0;; job = (job + 1) % profile.jobs) {
    co_await engine().delay(sim::from_seconds(random.exponential(1.0 / profile.arrivals.count())));
    engine().spawn(arrived(running, job, *running.streams[at(job)], random));
  }
}

sim::Process IoPaths::arrived(RunningGuest& running, int job, Stream& stream, sim::Random& random) {
  co_await transaction(running, job, stream, random, engine().now());
}

sim::Task<> IoPaths::transaction(RunningGuest& running, int job, Stream& stream,
                                 sim::Random& random, sim::Instant asked) {
  const workload::IoProfile& profile = running.description->workload.io;
  const std::vector<int>& vcpus = running.vcpus;
  const int vcpu = vcpus[at(job) % vcpus.size()];
  Counts& counts = counts_[at(running.kind)];
  if (profile.compute.count() > 0) {
    co_await host_.run(vcpu, static_cast<double>(profile.compute.count()), scheduler::kNoCpu);
  }
  for (int i = 0; i < profile.operations; ++i) {
    const sim::Instant began = engine().now();
    const storage::Request request = next(profile, stream, random);
    co_await running.disk->transfer(vcpu, request);
    const double took_s = sim::seconds(engine().now() - began);
    const bool read = request.operation == storage::Operation::read;
    ++(read ? counts.reads : counts.writes);
    counts.bytes += static_cast<std::uint64_t>(request.size.count());
    counts.io.record(took_s);
    counts.io_s.record(took_s);
    if (read || profile.sync_every == 0 || ++stream.unsynced < profile.sync_every) continue;
    stream.unsynced = 0;
    co_await running.disk->transfer(vcpu, {.operation = storage::Operation::flush});
    ++counts.syncs;
  }
  ++counts.transactions;
  counts.transaction.record(sim::seconds(engine().now() - asked));
}

storage::Request IoPaths::next(const workload::IoProfile& profile, Stream& stream,
                               sim::Random& random) const {
  const std::int64_t blocks = stream.size.count() / profile.block.count();
  const std::int64_t block =
      profile.pattern == workload::Pattern::sequential
          ? stream.next++ % blocks
          : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(blocks)));
  ++stream.issued;
  const bool read =
      profile.read_share >= 1 || (profile.read_share > 0 && random.uniform() < profile.read_share);
  return {.operation = read ? storage::Operation::read : storage::Operation::write,
          .offset = stream.from + profile.block * block,
          .size = profile.block};
}

// --- what came of it ---

void IoPaths::begin_measuring() {
  std::fill(counts_.begin(), counts_.end(), Counts{});
  for (RunningGuest& running : guests_) {
    running.disk->restart_stats();
    if (running.file) running.file->restart_stats();
  }
}

double IoPaths::transactions(int kind) const {
  return static_cast<double>(counts_[at(kind)].transactions);
}

void IoPaths::report(int kind, double measured_s, Results& results) const {
  const VmDescription& description = description_.vms[at(kind)];
  if (!description.workload.io.any()) return;
  const Counts& counts = counts_[at(kind)];
  double guest_s = 0, vmm_s = 0, storage_s = 0, kicks = 0, interrupts = 0;
  double vms = 0;
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind) continue;
    ++vms;
    const GuestDisk::Stats& stats = running.disk->stats();
    guest_s += stats.guest_s;
    vmm_s += stats.vmm_s;
    if (running.file) storage_s += running.file->served_s();
    kicks += static_cast<double>(stats.kicks);
    interrupts += static_cast<double>(stats.interrupts);
  }
  const auto put = [&](std::string_view quantity, double value) {
    results.metrics.push_back({fmt::format("vm.{}.{}", description.name, quantity), value});
  };
  const double ios = static_cast<double>(counts.reads + counts.writes);
  put("io.rate", ios / measured_s / vms);
  put("io.reads", static_cast<double>(counts.reads) / measured_s / vms);
  put("io.writes", static_cast<double>(counts.writes) / measured_s / vms);
  put("io.syncs", static_cast<double>(counts.syncs) / measured_s / vms);
  put("io.bandwidth", static_cast<double>(counts.bytes) / measured_s / vms);
  put("io.latency.mean", counts.io_s.mean());
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
    put(fmt::format("io.latency.{}", name), counts.io.percentile(share));
  put("transactions", static_cast<double>(counts.transactions) / measured_s / vms);
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
    put(fmt::format("transactions.latency.{}", name), counts.transaction.percentile(share));
  const double all_s = guest_s + vmm_s;
  // Of I/Os in parallel below one request of the guest, only the time of one counts.
  const bool emulated = vmm_s > 0 && storage_s > 0;
  storage_s = emulated ? std::min(storage_s, vmm_s) : vmm_s;
  put("io.time.guest", ratio(guest_s, all_s));
  put("io.time.vmm", ratio(vmm_s - storage_s, all_s));
  put("io.time.storage", ratio(storage_s, all_s));
  put("io.kicks", ratio(kicks, ios));
  put("io.interrupts", ratio(interrupts, ios));
}

}  // namespace models
