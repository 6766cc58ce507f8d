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

}  // namespace

IoPaths::IoPaths(RunningHost& host, const HostDescription& description, HostStorage::Remote* remote)
    : host_{host},
      description_{description},
      kernel_{host},
      storage_{host.engine(), description, kernel_, host.cards_.get(), remote},
      counts_(description.vms.size()),
      test_times_(description.vms.size()) {
  for (std::size_t kind = 0; kind < description.vms.size(); ++kind)
    test_times_[kind].resize(description.vms[kind].workload.tests.size());
}

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
  running.tests.resize(description.workload.tests.size());
  running.test_ended = std::make_unique<sim::Signal>(engine());
  running.name = fmt::format("vm.{}.{}", description.name, member);
  const bool emulated = vmm.architecture != Architecture::container &&
                        !description_.without.contains(Mechanism::emulation);
  if (emulated)
    running.loops.push_back(
        std::make_unique<EventLoop>(host_, backend(vm, cpus, group), big_lock(vm)));
  for (const DiskDescription& disk : description.disks) add_disk(running, disk, vm, cpus, group);
}

void IoPaths::add_disk(RunningGuest& running, const DiskDescription& disk, int vm,
                       const std::vector<int>& cpus, scheduler::GroupId group) {
  const workload::IoProfile& profile = running.description->workload.io;
  DiskPath::Threads threads{
      .loop = nullptr, .pool = {}, .vcpus = running.vcpus, .write_back = nullptr};
  if (!running.loops.empty()) {
    if (disk.iothread) {
      const CpuTune& tune = running.description->cputune;
      const int thread = host_.add_thread(
          vm, cpus, group, host_.add_limit(tune.iothread_quota, tune.iothread_period));
      host_.workers_[at(thread)].poll = vmm::HaltPoll{description_.vmm.block.poll};
      running.loops.push_back(
          std::make_unique<EventLoop>(host_, thread, loop_locks_.emplace_back(engine())));
    }
    threads.loop = disk.iothread ? running.loops.back().get() : running.loops.front().get();
    const int under_way = profile.jobs * profile.depth +
                          workload::most_under_way(running.description->workload.tests);
    const int most = std::min(kPoolThreads, std::max(1, under_way));
    const bool buffered = !storage::cache::direct(disk.cache.mode);
    if (buffered) threads.write_back = &write_back_thread();
    const bool by_threads = disk.aio == Aio::threads || buffered;
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

storage::Thread& IoPaths::KernelThreads::add(const std::string&) {
  const scheduler::GroupId group = host_.scheduler_->add_group(kKernelShares);
  return threads_.emplace_back(host_, host_.add_thread(-1, {}, group));
}

storage::Thread& IoPaths::write_back_thread() {
  if (write_back_ == nullptr) write_back_ = &kernel_.add("write-back");
  return *write_back_;
}

// The thread that serves the VM's disk.
sim::Server& IoPaths::big_lock(int vm) {
  return big_locks_.try_emplace(vm, engine()).first->second;
}

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

void IoPaths::start() {
  for (RunningGuest& running : guests_) {
    for (const auto& disk : running.disks) disk->start();
    const VmDescription& vm = *running.description;
    if (!vm.starts_later() && !vm.arrives) begin_jobs(running);
  }
}

}  // namespace models
