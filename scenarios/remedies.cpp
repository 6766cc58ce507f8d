// What an administrator could do about a VM class (remedies() of what_if.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "models/host.hpp"
#include "scenarios/device_keys.hpp"
#include "scenarios/what_if.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

using models::NumaMode;
using models::PinMode;
using models::VmDescription;

VmDescription& class_of(Scenario& scenario, const std::string& vm) {
  const auto found = std::find_if(scenario.host.vms.begin(), scenario.host.vms.end(),
                                  [&](const VmDescription& own) { return own.name == vm; });
  if (found == scenario.host.vms.end()) throw sim::ModelError{"no VM class " + vm};
  return *found;
}

bool uses_llc(const VmDescription& vm) {
  const auto& profile = vm.workload.profile;
  return profile.llc_accesses_per_kilo_instruction > 0 ||
         profile.footprint_loads_per_kilo_instruction > 0;
}

bool possible(const Scenario& scenario) {
  try {
    models::check(scenario.host);
    return true;
  } catch (const sim::ConfigError&) {
    return false;
  }
}

class Remedies {
 public:
  Remedies(const Scenario& scenario, std::string vm) : scenario_{scenario}, vm_{std::move(vm)} {}

  std::vector<Change> all() {
    const int nodes = scenario_.host.hardware.sockets * scenario_.host.hardware.nodes_per_socket;
    pin(PinMode::core, "core",
        threads_for_all() ? "pin each vCPU to a hardware thread of its own"
                          : "pin each vCPU to one hardware thread");
    if (nodes > 1) {
      pin(PinMode::node, "node", "pin each VM to one NUMA node");
      numa(NumaMode::interleave, "interleave", "spread its memory over all nodes");
    }
    cpu_time();
    memory();
    partition();
    synchronisation();
    if (own().workload.uses_disk() && !own().disks.empty()) {
      disks();
      host_disks();
    }
    if (own().workload.net.any() && !own().nics.empty()) network();
    fewer();
    for (const VmDescription& other : scenario_.host.vms) {
      if (other.name != vm_) without_class(other.name);
    }
    return std::move(changes_);
  }

 private:
  const VmDescription& own() const {
    return *std::find_if(scenario_.host.vms.begin(), scenario_.host.vms.end(),
                         [&](const VmDescription& vm) { return vm.name == vm_; });
  }

  // Whether its vCPUs, beside those of others that are pinned alike, are no more than the CPUs.
  bool threads_for_all() const {
    const auto& hardware = scenario_.host.hardware;
    std::int64_t left = std::int64_t{hardware.sockets} * hardware.nodes_per_socket *
                        hardware.cores_per_node * hardware.threads_per_core;
    for (const VmDescription& vm : scenario_.host.vms) {
      if (vm.name == vm_ || vm.pin.mode == PinMode::core) left -= std::int64_t{vm.count} * vm.vcpus;
    }
    return left >= 0;
  }

  // With `change` made to the scenario.
  template <class Made>
  void make(std::string name, std::string words, Made change) {
    Scenario other = scenario_;
    change(other);
    add(std::move(name), std::move(words), std::move(other));
  }

  // With `change` made to each of its disks.
  template <class Made>
  void each_disk(std::string_view key, std::string words, Made change) {
    make(fmt::format("vm.{}.disk.{}", vm_, key), std::move(words), [&](Scenario& other) {
      for (models::DiskDescription& disk : class_of(other, vm_).disks) change(disk);
    });
  }

  // How the guest's disks are made and served.
  void disks() {
    using models::DiskDescription;
    using models::storage::image::Format;
    using models::storage::image::Preallocation;
    const auto any = [&](auto holds) {
      return std::any_of(own().disks.begin(), own().disks.end(), holds);
    };
    const bool container = scenario_.host.vmm.architecture == models::Architecture::container;
    if (any([](const DiskDescription& disk) { return disk.iotune.limits(); }))
      each_disk("iotune = {}", "lift its I/O limits",
                [](DiskDescription& disk) { disk.iotune = {}; });
    if (any([](const DiskDescription& disk) {
          return disk.cache.mode != models::storage::cache::Mode::none;
        }))
      each_disk("cache = \"none\"", "leave the host's page cache out", [](DiskDescription& disk) {
        disk.cache.mode = models::storage::cache::Mode::none;
      });
    if (container) return;
    const auto qcow2 = [](const DiskDescription& disk) {
      return disk.image.format == Format::qcow2;
    };
    if (any(qcow2)) {
      each_disk("image = \"raw\"", "keep its disk in a raw file or volume",
                [](DiskDescription& disk) {
                  disk.image.format = Format::raw;
                  disk.image.preallocation = Preallocation::full;
                  disk.backing.clear();
                });
    }
    if (any([&](const DiskDescription& disk) {
          return qcow2(disk) && disk.backing.empty() &&
                 disk.image.preallocation == Preallocation::off;
        }))
      each_disk("image.preallocation = \"metadata\"", "allocate its image's metadata beforehand",
                [](DiskDescription& disk) { disk.image.preallocation = Preallocation::metadata; });
    if (any([](const DiskDescription& disk) { return !disk.iothread; }))
      each_disk("iothread = true", "give its disk an event loop of its own",
                [](DiskDescription& disk) { disk.iothread = true; });
    if (any([](const DiskDescription& disk) {
          return disk.bus == models::DiskBus::ide || disk.bus == models::DiskBus::sata;
        }))
      each_disk("bus = \"virtio-blk\"", "let its kernel know that it is a guest's disk",
                [](DiskDescription& disk) { disk.bus = models::DiskBus::virtio_blk; });
    if (any([](const DiskDescription& disk) {
          return disk.aio == models::Aio::threads &&
                 disk.cache.mode == models::storage::cache::Mode::none;
        }))
      each_disk("aio = \"native\"", "submit from the event loop itself",
                [](DiskDescription& disk) { disk.aio = models::Aio::native; });
    if (own().vcpus > 1 && !scenario_.host.vmm.block.queue_per_vcpu)
      make("vmm.block.queue_per_vcpu = true", "a queue and an interrupt for each vCPU",
           [](Scenario& other) { other.host.vmm.block.queue_per_vcpu = true; });
  }

  // What its disks lie on: arrays by name, then the disks of these, or disks alone.
  void host_disks() {
    using models::storage::raid::Level;
    const models::StorageDescription& storage = scenario_.host.storage;
    std::vector<std::string> names;
    for (const models::DiskDescription& disk : own().disks) names.push_back(disk.on);
    for (std::size_t i = 0; i < storage.arrays.size(); ++i) {
      const models::HostArray& array = storage.arrays[i];
      if (std::find(names.begin(), names.end(), array.name) == names.end()) continue;
      names.insert(names.end(), array.disks.begin(), array.disks.end());
      const Level level = array.raid.level;
      if (level == Level::raid5 || level == Level::raid6)
        make(fmt::format("host.array.{}.level = \"raid10\"", array.name),
             "mirror instead of parity",
             [&](Scenario& other) { other.host.storage.arrays[i].raid.level = Level::raid10; });
      if (!array.raid.hardware.present)
        make(fmt::format("host.array.{}.hardware.present = true", array.name),
             "a RAID controller with a protected cache",
             [&](Scenario& other) { other.host.storage.arrays[i].raid.hardware.present = true; });
    }
    for (std::size_t i = 0; i < storage.disks.size(); ++i) {
      const models::HostDisk& disk = storage.disks[i];
      if (std::find(names.begin(), names.end(), disk.name) == names.end()) continue;
      if (disk.slot.empty() && disk.on.empty())
        make(fmt::format("host.disk.{}.count = {}", disk.name, 2 * disk.count),
             "twice as many disks",
             [&](Scenario& other) { other.host.storage.disks[i].count *= 2; });
      if (disk.device.kind == models::storage::device::Kind::hdd && disk.on.empty())
        make(fmt::format("host.disk.{}.device = \"ssd-sata\"", disk.name), "solid-state disks",
             [&](Scenario& other) {
               const sim::Bytes capacity = disk.device.capacity;
               other.host.storage.disks[i].device = device_preset("ssd-sata");
               other.host.storage.disks[i].device.capacity = capacity;
             });
    }
  }

  void network() {
    using models::GuestNicDescription;
    using models::network::GuestNicModel;
    using models::network::ModerationKind;
    if (scenario_.host.vmm.architecture == models::Architecture::container) return;
    const GuestNicDescription& nic = own().nics.front();
    const auto with = [&](std::string_view key, std::string words, auto change) {
      make(fmt::format("vm.{}.nic.{}", vm_, key), std::move(words),
           [&](Scenario& other) { change(class_of(other, vm_).nics.front()); });
    };
    if (nic.model != GuestNicModel::vhost && nic.model != GuestNicModel::sriov)
      with("model = \"vhost\"", "serve its NIC in the host's kernel",
           [](GuestNicDescription& own) { own.model = GuestNicModel::vhost; });
    if (!models::network::emulated(nic.model) && nic.queues < own().vcpus)
      with(fmt::format("queues = {}", own().vcpus), "a queue for each vCPU",
           [&](GuestNicDescription& changed) { changed.queues = own().vcpus; });
    if (!nic.offloads)
      with("offloads = true", "bursts of 64 KiB cross it whole",
           [](GuestNicDescription& own) { own.offloads = true; });
    for (std::size_t i = 0; i < scenario_.host.nics.size(); ++i) {
      const models::network::NicConfig& card = scenario_.host.nics[i].nic;
      if (!nic.on.empty() ? card.name != nic.on : i > 0) continue;
      if (nic.model != GuestNicModel::sriov)
        make(fmt::format("vm.{}.nic.model = \"sriov\", host.nic.{}.functions = {}", vm_, card.name,
                         card.functions + own().count),
             "a virtual function of its own", [&](Scenario& other) {
               class_of(other, vm_).nics.front().model = GuestNicModel::sriov;
               other.host.nics[i].nic.functions += own().count;
             });
      const bool none = card.moderation.kind == ModerationKind::none;
      make(fmt::format("host.nic.{}.moderation.kind = \"{}\"", card.name,
                       none ? "adaptive" : "none"),
           none ? "fewer interrupts while much arrives" : "interrupts at once",
           [&](Scenario& other) {
             other.host.nics[i].nic.moderation.kind =
                 none ? ModerationKind::adaptive : ModerationKind::none;
           });
    }
  }

  void add(std::string name, std::string words, Scenario scenario) {
    if (possible(scenario))
      changes_.push_back({std::move(name), std::move(words), std::move(scenario)});
  }

  void pin(PinMode mode, const char* value, const char* words) {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    if (own.pin.mode == mode) return;
    own.pin = {.mode = mode, .cpus = {}};
    add(fmt::format("vm.{}.pin = \"{}\"", vm_, value), words, std::move(other));
  }

  void numa(NumaMode mode, const char* value, const char* words) {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    if (own.numa.mode == mode) return;
    own.numa = {.mode = mode, .nodes = {}};
    add(fmt::format("vm.{}.numa = \"{}\"", vm_, value), words, std::move(other));
  }

  // What it is not allowed though CPUs are idle.
  void cpu_time() {
    if (own().cputune.global_quota.count() > 0)
      make(fmt::format("vm.{}.cputune.global_quota = \"0 s\"", vm_), "lift its CPU quota",
           [&](Scenario& other) { class_of(other, vm_).cputune.global_quota = {}; });
    if (own().cputune.quota.count() > 0)
      make(fmt::format("vm.{}.cputune.quota = \"0 s\"", vm_), "lift the quota of its vCPUs",
           [&](Scenario& other) { class_of(other, vm_).cputune.quota = {}; });
    if (own().cputune.emulator_quota.count() > 0)
      make(fmt::format("vm.{}.cputune.emulator_quota = \"0 s\"", vm_), "lift its emulators' quota",
           [&](Scenario& other) { class_of(other, vm_).cputune.emulator_quota = {}; });
    if (own().limit.count() > 0)
      make(fmt::format("vm.{}.limit = \"0 Hz\"", vm_), "lift its CPU limit",
           [&](Scenario& other) { class_of(other, vm_).limit = {}; });
  }

  // What lets more memory be promised than there is, and what of it hurts.
  void memory() {
    if (models::memory_may_run_short(scenario_.host) && !scenario_.host.vmm.ksm.run)
      make("vmm.ksm.run = true", "merge equal pages",
           [](Scenario& other) { other.host.vmm.ksm.run = true; });
    if (own().balloon.mode != models::BalloonMode::none)
      make(fmt::format("vm.{}.balloon.mode = \"none\"", vm_), "leave it its memory",
           [&](Scenario& other) { class_of(other, vm_).balloon.mode = models::BalloonMode::none; });
    if (own().host_pages.coverage < 1.0 && own().workload.pages.any())
      make(fmt::format("vm.{}.host_pages.coverage = 1", vm_), "reserve hugepages for it",
           [&](Scenario& other) { class_of(other, vm_).host_pages.coverage = 1.0; });
  }

  // Of a neighbour's lines, a quarter of the ways of each LLC; the class itself keeps them all.
  void partition() {
    constexpr int kLeastWays = 2;  // that a mask may have on some Xeons (cbm_len, min_cbm_bits)
    const int ways = scenario_.host.hardware.llc_ways;
    const int left = std::max(kLeastWays, ways / 4);
    if (scenario_.host.hardware.llc.size.count() == 0 || left >= ways || !uses_llc(own())) return;
    for (const VmDescription& other : scenario_.host.vms) {
      if (other.name == vm_ || !other.llc_ways.empty() || !uses_llc(other)) continue;
      make(fmt::format("vm.{}.llc_ways = \"{}-{}\"", other.name, ways - left, ways - 1),
           fmt::format("keep {}'s lines to {} of the {} ways of an LLC (CAT)", other.name, left,
                       ways),
           [&](Scenario& changed) {
             std::vector<int>& all = class_of(changed, other.name).llc_ways;
             for (int way = ways - left; way < ways; ++way) all.push_back(way);
           });
    }
  }

  void synchronisation() {
    if (own().workload.sync.flush_every.count() > 0 && !own().kvm_features.pv_tlb_flush)
      make(fmt::format("vm.{}.kvm_features.pv_tlb_flush = true", vm_),
           "let the host flush TLBs of vCPUs without a CPU",
           [&](Scenario& other) { class_of(other, vm_).kvm_features.pv_tlb_flush = true; });
    if (own().workload.sync.lock_every.count() > 0 && !own().kvm_features.pv_unhalt)
      make(fmt::format("vm.{}.kvm_features.pv_unhalt = true", vm_), "let waiters for a lock sleep",
           [&](Scenario& other) { class_of(other, vm_).kvm_features.pv_unhalt = true; });
  }

  void fewer() {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    const int before = own.count;
    own.count -= std::max(1, before / 4);
    if (own.count < 1) return;
    add(fmt::format("vm.{}.count = {}", vm_, own.count),
        fmt::format("{} of them instead of {}", own.count, before), std::move(other));
  }

  void without_class(const std::string& neighbour) {
    Scenario other = scenario_;
    std::erase_if(other.host.vms, [&](const VmDescription& vm) { return vm.name == neighbour; });
    add(fmt::format("vm.{}.count = 0", neighbour),
        fmt::format("move the {} VMs elsewhere", neighbour), std::move(other));
  }

  const Scenario& scenario_;
  std::string vm_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> remedies(const Scenario& scenario, const std::string& vm) {
  const bool here = std::any_of(scenario.host.vms.begin(), scenario.host.vms.end(),
                                [&](const VmDescription& own) { return own.name == vm; });
  if (!here) return {};
  return Remedies{scenario, vm}.all();
}

}  // namespace scenarios
