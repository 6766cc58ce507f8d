#include "models/io_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/pcie_cards.hpp"
#include "models/running_host.hpp"
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

// A job of a vCPU's waits for an I/O, for as long as this lives.
class Awaited {
 public:
  Awaited(RunningHost& host, int vcpu) : host_{host}, vcpu_{vcpu} { host_.await_ios(vcpu_, 1); }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  ~Awaited() { host_.await_ios(vcpu_, -1); }

 private:
  RunningHost& host_;
  int vcpu_;
};

}  // namespace

IoPaths::IoPaths(RunningHost& host, const HostDescription& description, HostStorage::Remote* remote)
    : host_{host},
      description_{description},
      kernel_{host},
      storage_{host.engine(), description, kernel_, host.cards_.get(), remote},
      counts_(description.vms.size()) {}

IoPaths::~IoPaths() = default;

void IoPaths::add(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  const RunningVm& owner = host_.vms_[at(vm)];
  const VmDescription& description = *owner.description;
  const VmmDescription& vmm = description_.vmm;
  const auto member = vm - host_.kinds_[at(owner.kind)].vms.front();
  RunningGuest& running = guests_.emplace_back();
  running.vm = vm;
  running.kind = owner.kind;
  running.description = &description;
  running.vcpus = owner.vcpus;
  running.name = fmt::format("vm.{}.{}", description.name, member);
  const bool emulated = vmm.architecture != Architecture::container &&
                        !description_.without.contains(Mechanism::emulation);
  if (emulated)
    running.loops.push_back(std::make_unique<EventLoop>(host_, backend(vm, cpus, group)));
  for (const DiskDescription& disk : description.disks) add_disk(running, disk, vm, cpus, group);
}

void IoPaths::add_disk(RunningGuest& running, const DiskDescription& disk, int vm,
                       const std::vector<int>& cpus, scheduler::GroupId group) {
  const workload::IoProfile& profile = running.description->workload.io;
  DiskPath::Threads threads{.loop = nullptr, .pool = {}, .vcpus = running.vcpus};
  if (!running.loops.empty()) {
    if (disk.iothread)
      running.loops.push_back(
          std::make_unique<EventLoop>(host_, host_.add_thread(vm, cpus, group)));
    threads.loop = disk.iothread ? running.loops.back().get() : running.loops.front().get();
    const int most = std::min(kPoolThreads, std::max(1, profile.jobs * profile.depth));
    const bool by_threads = disk.aio == Aio::threads || !storage::cache::direct(disk.cache.mode);
    for (int i = 0; by_threads && i < most; ++i)
      threads.pool.push_back(host_.add_thread(vm, cpus, group));
  }
  const sim::Bytes size = running.loops.empty() ? disk.size : DiskPath::largest_file(disk);
  const auto member = vm - host_.kinds_[at(running.kind)].vms.front();
  const std::string owner =
      disk_owner(*running.description, member, static_cast<int>(running.disks.size()));
  DiskPath::Parts parts{.image = storage_.part(disk.on, size, owner), .backing = nullptr};
  if (moves(*running.description, disk)) {
    auto tracked = std::make_unique<TrackedPart>(std::move(parts.image));
    running.moving.push_back(tracked.get());
    parts.image = std::move(tracked);
  }
  if (!disk.backing.empty()) parts.backing = storage_.part(disk.backing, size, owner + ".backing");
  running.disks.push_back(std::make_unique<DiskPath>(host_, disk, profile, std::move(parts),
                                                     std::move(threads), limits(disk)));
}

// Disks with the same group share their limits.
storage::throttle::Group* IoPaths::limits(const DiskDescription& disk) {
  if (!disk.iotune.limits()) return nullptr;
  if (disk.iotune.group_name.empty()) return &limits_.emplace_back(engine(), disk.iotune);
  storage::throttle::Group*& shared = shared_limits_[disk.iotune.group_name];
  if (shared == nullptr) shared = &limits_.emplace_back(engine(), disk.iotune);
  return shared;
}

sim::Engine& IoPaths::engine() {
  return host_.engine();
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
    for (const auto& disk : running.disks) disk->start();
    const VmDescription& vm = *running.description;
    if (!vm.starts_later() && !vm.arrives) begin_jobs(running);
  }
}

void IoPaths::begin_jobs(RunningGuest& running) {
  const workload::IoProfile& profile = running.description->workload.io;
  if (!profile.any()) return;
  if (profile.requests > 0) {
    engine().spawn(open_and_run(running));
  } else {
    run_jobs(running);
  }
}

void IoPaths::begin_jobs(int vm) {
  for (RunningGuest& running : guests_) {
    if (running.vm == vm) begin_jobs(running);
  }
}

sim::Task<> IoPaths::read(int vm, sim::Bytes block, sim::Random& random) {
  const auto found = std::find_if(guests_.begin(), guests_.end(),
                                  [&](const RunningGuest& guest) { return guest.vm == vm; });
  if (found == guests_.end()) co_return;
  storage::BlockDevice& disk = found->disks.front()->top(true);
  const sim::Bytes size = std::min(block, disk.capacity());
  const auto blocks = static_cast<std::uint64_t>(disk.capacity().count() / size.count());
  const Awaited awaited{host_, found->vcpus.front()};
  co_await disk.serve({.operation = storage::Operation::read,
                       .offset = size * static_cast<std::int64_t>(random.below(blocks)),
                       .size = size});
}

// A run that ends opens its images and closes them; others have theirs open.
sim::Process IoPaths::open_and_run(RunningGuest& running) {
  for (const auto& disk : running.disks) {
    if (disk->image() != nullptr) co_await disk->image()->open();
  }
  run_jobs(running);
}

void IoPaths::run_jobs(RunningGuest& running) {
  const workload::IoProfile& profile = running.description->workload.io;
  // Jobs that read in order have each a part of their own; at random, they share all of it.
  const bool apart = profile.pattern == workload::Pattern::sequential;
  for (int job = 0; job < profile.jobs; ++job) {
    const sim::Bytes whole = running.disks[at(job) % running.disks.size()]->disk().capacity();
    const sim::Bytes span = profile.span.count() > 0 ? std::min(profile.span, whole) : whole;
    const sim::Bytes size = apart ? span / profile.jobs : span;
    Stream& stream =
        streams_.emplace_back(Stream{.from = apart ? size * job : sim::Bytes{}, .size = size});
    if (!running.came_with.empty()) stream = running.came_with[at(job)];
    running.streams.push_back(&stream);
  }
  if (profile.arrivals.count() > 0) {
    engine().spawn(arrivals(running));
    return;
  }
  running.at_work = profile.jobs * profile.depth;
  for (int job = 0; job < profile.jobs; ++job) {
    for (int slot = 0; slot < profile.depth; ++slot)
      engine().spawn(this->job(running, job, slot, *running.streams[at(job)]));
  }
}

sim::Process IoPaths::job(RunningGuest& running, int job, int slot, Stream& stream) {
  const workload::IoProfile& profile = running.description->workload.io;
  sim::Random random = engine().stream(fmt::format("{}.job.{}.{}", running.name, job, slot));
  while (!running.stopped && (profile.requests == 0 || stream.issued < profile.requests)) {
    co_await transaction(running, job, stream, random, engine().now());
    if (profile.think > sim::Duration::zero())
      co_await engine().delay(random.exponential(profile.think));
  }
  if (--running.at_work > 0 || running.stopped) co_return;
  for (const auto& disk : running.disks) {
    if (disk->image() != nullptr) co_await disk->image()->close();
  }
}

sim::Process IoPaths::arrivals(RunningGuest& running) {
  const workload::IoProfile& profile = running.description->workload.io;
  sim::Random random = engine().stream(running.name + ".arrivals");
  for (int job = 0;; job = (job + 1) % profile.jobs) {
    co_await engine().delay(sim::from_seconds(random.exponential(1.0 / profile.arrivals.count())));
    if (running.stopped) co_return;
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
  storage::BlockDevice& disk = running.disks[at(job) % running.disks.size()]->top(profile.direct);
  if (profile.compute.count() > 0) {
    co_await host_.run(vcpu, static_cast<double>(profile.compute.count()), scheduler::kNoCpu);
  }
  for (int i = 0; i < profile.operations; ++i) {
    const sim::Instant began = engine().now();
    storage::Request request = next(profile, stream, random);
    request.stream = job;
    request.node = memory_node(running);
    if (!profile.direct)
      co_await host_.run(vcpu, static_cast<double>(profile.cached.count()), scheduler::kNoCpu);
    {
      const Awaited awaited{host_, vcpu};
      co_await disk.serve(request);
    }
    const double took_s = sim::seconds(engine().now() - began);
    const bool read = request.operation == storage::Operation::read;
    ++(read ? counts.reads : counts.writes);
    counts.bytes += static_cast<std::uint64_t>(request.size.count());
    counts.io.record(took_s);
    counts.io_s.record(took_s);
    if (read || profile.sync_every == 0) continue;
    stream.written.insert((request.offset - stream.from).count() / file_size(profile, stream));
    if (++stream.unsynced < profile.sync_every) continue;
    stream.unsynced = 0;
    for (const std::int64_t file : std::exchange(stream.written, {})) {
      storage::Request sync{.operation = storage::Operation::flush, .stream = job};
      if (profile.files > 1) {
        sync.size = sim::Bytes{file_size(profile, stream)};
        sync.offset = stream.from + sync.size * file;
      }
      const Awaited awaited{host_, vcpu};
      co_await disk.serve(sync);
      ++counts.syncs;
    }
  }
  ++counts.transactions;
  counts.transaction.record(sim::seconds(engine().now() - asked));
}

// Where the next request's data lies: nodes take turns by the VM's memory there. -1: no matter.
int IoPaths::memory_node(RunningGuest& running) {
  const std::vector<double>& shares = host_.vms_[at(running.vm)].accesses;
  if (shares.size() < 2 || !host_.cards_->carries()) return -1;
  running.due.resize(shares.size());
  for (std::size_t node = 0; node < shares.size(); ++node) running.due[node] += shares[node];
  const auto most = std::max_element(running.due.begin(), running.due.end());
  *most -= 1.0;
  return static_cast<int>(most - running.due.begin());
}

std::int64_t IoPaths::file_size(const workload::IoProfile& profile, const Stream& stream) {
  return (stream.size.count() + profile.files - 1) / profile.files;
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

}  // namespace models
