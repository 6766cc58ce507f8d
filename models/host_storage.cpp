#include "models/host_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/disk_path.hpp"
#include "models/pcie_cards.hpp"
#include "models/storage/partition.hpp"
#include "models/storage/shared_flushes.hpp"
#include "models/storage/volume/volume.hpp"

namespace models {
namespace {

constexpr std::int64_t kAlignment_B = 1 << 20;  // of parts: as partitioning tools align

sim::Bytes aligned(sim::Bytes size) {
  return sim::Bytes{size.count() / kAlignment_B * kAlignment_B};
}

// SATA and SAS; NVMe has a queue for each CPU.
bool one_queue(const storage::device::Description& device) {
  using storage::device::Kind;
  return device.kind == Kind::hdd || (device.kind == Kind::flash && !device.flash.full_duplex);
}

// What each of alike disks is called.
std::vector<std::string> own_names(const HostDisk& disk) {
  if (disk.count == 1) return {disk.name};
  std::vector<std::string> names;
  for (int i = 0; i < disk.count; ++i) names.push_back(fmt::format("{}{}", disk.name, i));
  return names;
}

// What a guest's disk may lie on, for who named something else.
std::string there_are(const StorageDescription& storage) {
  std::string all;
  const auto add = [&](const std::string& name) { all += (all.empty() ? "" : ", ") + name; };
  for (const HostArray& array : storage.arrays) add(array.name);
  for (const HostVolume& volume : storage.volumes) add(volume.name);
  for (const HostDisk& disk : storage.disks) add(disk.name);
  return all.empty() ? "the host has none: describe one in [[host.disk]], with a name and a device "
                       "(`tenancy list devices`), and several together in [[host.array]]"
                     : "the host has " + all;
}

std::string disk_path(const VmDescription& vm, std::size_t disk) {
  return vm.disks.size() == 1 ? fmt::format("vm.{}.disk", vm.name)
                              : fmt::format("vm.{}.disk[{}]", vm.name, disk);
}

}  // namespace

void check_storage(const HostDescription& host, sim::Complaints& complaints) {
  const StorageDescription& storage = host.storage;
  std::set<std::string> names;
  std::set<std::string> used;
  const auto named = [&](std::string_view kind, const std::string& name) {
    complaints.need(!name.empty(),
                    fmt::format("host.{}: each [[host.{}]] needs a name", kind, kind));
    complaints.need(
        names.insert(name).second,
        fmt::format("host.{}: two disks, arrays or volumes are named \"{}\"", kind, name));
  };
  const auto known = [&](const std::string& where, const std::string& name, std::string_view what) {
    complaints.need(names.contains(name), fmt::format("{}: no {} is named \"{}\"; {}", where, what,
                                                      name, there_are(storage)));
  };
  const auto reachable = [&](const std::string& on) {
    const StorageServer* server = host.server_of(on);
    if (server == nullptr) return false;
    const std::string name = on.substr(server->name.size() + 1);
    const auto called = [&](const auto& one) { return one.name == name; };
    const StorageDescription& there = server->storage;
    return std::any_of(there.disks.begin(), there.disks.end(),
                       [&](const HostDisk& disk) {
                         const std::vector<std::string> own = own_names(disk);
                         return called(disk) ||
                                std::find(own.begin(), own.end(), name) != own.end();
                       }) ||
           std::any_of(there.arrays.begin(), there.arrays.end(), called) ||
           std::any_of(there.volumes.begin(), there.volumes.end(), called);
  };
  for (const HostDisk& disk : storage.disks) {
    named("disk", disk.name);
    if (disk.count > 1)
      for (const std::string& own : own_names(disk)) named("disk", own);
    complaints.need(disk.on.empty() || reachable(disk.on),
                    fmt::format("host.disk.{}.on: no storage server holds \"{}\"; need "
                                "\"<server>.<disk, array or volume>\"",
                                disk.name, disk.on));
    complaints.need(
        disk.on.empty() || disk.size.count() > 0,
        fmt::format("host.disk.{}.size: a unit of \"{}\" needs a size", disk.name, disk.on));
  }
  for (const HostArray& array : storage.arrays) {
    complaints.need(
        !array.disks.empty(),
        fmt::format("host.array.{}.disks: need some, e.g. disks = [\"sda\", \"sdb\"]", array.name));
    for (const std::string& disk : array.disks) {
      known(fmt::format("host.array.{}.disks", array.name), disk, "disk");
      const auto all = std::find_if(storage.disks.begin(), storage.disks.end(),
                                    [&](const HostDisk& one) { return one.name == disk; });
      for (const std::string& own :
           all != storage.disks.end() ? own_names(*all) : std::vector<std::string>{disk}) {
        complaints.need(
            used.insert(own).second,
            fmt::format("host.array.{}.disks: \"{}\" belongs to another array", array.name, own));
      }
    }
  }
  for (const HostArray& array : storage.arrays) named("array", array.name);
  for (const HostVolume& volume : storage.volumes) {
    complaints.need(!volume.on.empty(),
                    fmt::format("host.volume.{}.on: need disks or arrays, e.g. on = [\"array0\"]",
                                volume.name));
    for (const std::string& on : volume.on)
      known(fmt::format("host.volume.{}.on", volume.name), on, "disk or array");
    named("volume", volume.name);
  }
  for (const VmDescription& vm : host.vms) {
    complaints.need(
        !vm.workload.uses_disk() || !vm.disks.empty(),
        fmt::format("vm.{}.disk: its workload does I/O; give it a [[vm.disk]]", vm.name));
    for (std::size_t i = 0; i < vm.disks.size(); ++i) {
      const DiskDescription& disk = vm.disks[i];
      const std::string path = disk_path(vm, i);
      complaints.need(!disk.on.empty(),
                      fmt::format("{}.on: need a disk, array or volume to lie on; {}", path,
                                  there_are(storage)));
      if (!disk.on.empty() && !reachable(disk.on))
        known(path + ".on", disk.on, "disk, array or volume");
      complaints.need(host.vmm.architecture != Architecture::container ||
                          disk.queue.scheduler == storage::queue::Scheduler::noop,
                      path +
                          ".queue.scheduler: a container uses the host's kernel; say it of "
                          "host.disk's queue");
      if (disk.backing.empty()) continue;
      if (!reachable(disk.backing)) known(path + ".backing", disk.backing, "disk, array or volume");
      complaints.need(
          disk.image.format == storage::image::Format::qcow2,
          fmt::format("{}.backing: a raw image has no backing file; make it qcow2", path));
    }
  }
}

void check_storage_fits(const HostDescription& host, HostStorage::Remote& remote,
                        sim::Complaints& complaints) {
  struct NoThread final : storage::Thread {
    sim::Task<> work(sim::Duration) override { throw sim::ModelError{"nothing runs in a check"}; }
  };
  struct NoThreads final : HostStorage::Threads {
    storage::Thread& add(const std::string&) override { return none; }
    NoThread none;
  };
  sim::Engine engine;
  NoThreads threads;
  try {
    HostStorage storage{engine, host, threads, nullptr, &remote};
    for (const VmDescription& vm : host.vms) {
      std::vector<sim::Bytes> sizes;
      for (int i = 0; i < vm.count; ++i) {
        int number = 0;
        for (const DiskDescription& disk : vm.disks) {
          const std::string owner = disk_owner(vm, i, number++);
          const auto part = storage.part(disk.on, DiskPath::largest_file(disk), owner);
          if (!disk.backing.empty())
            storage.part(disk.backing, DiskPath::largest_file(disk), owner + ".backing");
          if (i > 0) continue;
          try {
            const auto image = make_image(disk, *part);
            sizes.push_back(image->capacity());
            if (disk.iotune.limits()) storage::throttle::Group{engine, disk.iotune};
          } catch (const sim::ConfigError& error) {
            complaints.need(false, fmt::format("vm.{}.disk: {}", vm.name, error.what()));
          }
        }
      }
      const std::string workload = fmt::format("vm.{}.workload", vm.name);
      if (sizes.size() < vm.disks.size()) continue;  // one cannot be, which has been said
      check_fit(vm.workload.io, sizes, vm.vcpus, workload, complaints);
      for (std::size_t i = 0; i < vm.workload.tests.size(); ++i)
        check_fit(vm.workload.tests[i].io, sizes, vm.vcpus, fmt::format("{}.test[{}]", workload, i),
                  complaints);
    }
  } catch (const sim::ConfigError& error) {
    complaints.need(false, error.what());
  }
}

std::string disk_owner(const VmDescription& vm, int member, int disk) {
  return fmt::format("vm.{}.{}.disk{}", vm.name, member, disk);
}

HostStorage::HostStorage(sim::Engine& engine, const HostDescription& description, Threads& threads,
                         PcieCards* cards, Remote* remote)
    : engine_{engine}, description_{description}, threads_{threads}, remote_{remote} {
  const StorageDescription& storage = description.storage;
  for (const HostDisk& disk : storage.disks) {
    storage::device::HostWay* way = cards != nullptr ? cards->way(disk) : nullptr;
    const bool forwards = disk.device.kind != storage::device::Kind::flash;
    if (disk.on.empty()) drives_.push_back({&disk, {}});
    for (const std::string& own : own_names(disk)) {
      const std::string full = fmt::format("{}.disk.{}", description.name, own);
      if (disk.on.empty()) {
        auto drive = storage::device::make_device(engine, disk.device, full, way);
        drives_.back().drives.push_back(drive.get());
        devices_.push_back(std::move(drive));
      } else {
        devices_.push_back(part(disk.on, disk.size, full));
      }
      storage::BlockDevice* device = devices_.back().get();
      if (forwards) device = &forwarded(*device, way);
      if (disk.queue.scheduler != storage::queue::Scheduler::noop) {
        devices_.push_back(std::make_unique<storage::queue::Queue>(*device, disk.queue));
        device = devices_.back().get();
      }
      if (one_queue(disk.device)) {
        devices_.push_back(std::make_unique<storage::SharedFlushes>(*device));
        device = devices_.back().get();
      }
      Place& place = add(disk.name, *device);
      if (own != disk.name) by_name_[own].push_back(&place);
    }
  }
  for (const HostArray& array : storage.arrays) {
    std::vector<storage::BlockDevice*> members;
    for (const std::string& disk : array.disks) {
      for (const Place* place : places(disk)) members.push_back(place->device);
    }
    const int disks = static_cast<int>(members.size());
    sim::Bytes active{};
    for (int i = 0; i < disks - array.raid.spares; ++i)
      active += members[static_cast<std::size_t>(i)]->capacity();
    std::vector<storage::Thread*> group;
    storage::Thread& thread = threads.add("md." + array.name);
    for (int i = 0; i < array.raid.group_threads; ++i)
      group.push_back(&threads.add(fmt::format("md.{}.{}", array.name, i)));
    try {
      auto made = storage::raid::make_array(engine, array.raid, std::move(members), thread, group);
      arrays_.push_back({&array, disks, active, made.get()});
      devices_.push_back(std::move(made));
    } catch (const sim::ConfigError& error) {
      throw sim::ConfigError{fmt::format("host.array.{}: {}", array.name, error.what())};
    }
    storage::device::HostWay* way = cards != nullptr ? cards->way(array) : nullptr;
    add(array.name, forwarded(*devices_.back(), way));
  }
  for (const HostVolume& volume : storage.volumes) {
    std::vector<storage::volume::Part> parts;
    for (const std::string& on : volume.on) {
      for (Place* place : places(on)) {
        parts.push_back({place->device, place->handed_out, {}});
      }
    }
    try {
      devices_.push_back(
          std::make_unique<storage::volume::Volume>(engine, volume.volume, std::move(parts)));
    } catch (const sim::ConfigError& error) {
      throw sim::ConfigError{fmt::format("host.volume.{}: {}", volume.name, error.what())};
    }
    add(volume.name, *devices_.back());
  }
}

storage::BlockDevice& HostStorage::forwarded(storage::BlockDevice& device,
                                             storage::device::HostWay* way) {
  if (way == nullptr) return device;
  return *devices_.emplace_back(std::make_unique<storage::device::Forwarding>(device, *way));
}

HostStorage::Place& HostStorage::add(const std::string& name, storage::BlockDevice& device) {
  Place& place = all_.emplace_back(Place{&device, {}});
  by_name_[name].push_back(&place);
  return place;
}

std::vector<HostStorage::Place*> HostStorage::places(const std::string& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end())
    throw sim::ConfigError{fmt::format("no disk, array or volume is named \"{}\"", name)};
  return found->second;
}

std::unique_ptr<storage::BlockDevice> HostStorage::part(const std::string& on, sim::Bytes size,
                                                        const std::string& owner) {
  if (remote_ != nullptr && description_.server_of(on) != nullptr)
    return remote_->open(on, size, owner, threads_);
  const std::vector<Place*> alike = places(on);
  Place& place = *alike[next_[on]++ % alike.size()];
  if (size.count() == 0) {
    std::int64_t askers = 0;
    for (const VmDescription& vm : description_.vms) {
      for (const DiskDescription& disk : vm.disks)
        askers += vm.count * ((disk.on == on ? 1 : 0) + (disk.backing == on ? 1 : 0));
    }
    const auto here = (askers + static_cast<std::int64_t>(alike.size()) - 1) /
                      static_cast<std::int64_t>(alike.size());
    size = aligned(place.device->capacity() / std::max<std::int64_t>(1, here));
  }
  if (place.handed_out + size > place.device->capacity()) {
    throw sim::ConfigError{
        fmt::format("host.disk: \"{}\" holds {:.1f} GB, guests' disks there want more; make them "
                    "smaller (vm.<name>.disk.size) or leave their size out",
                    on, static_cast<double>(place.device->capacity().count()) / 1e9)};
  }
  auto part = std::make_unique<storage::Partition>(*place.device, place.handed_out, size);
  place.handed_out += aligned(size + sim::Bytes{kAlignment_B - 1});
  return part;
}

void HostStorage::begin_measuring() {
  for (NamedArray& named : arrays_) {
    named.before = named.array->stats();
    named.backlog_before = named.array->backlog();
  }
  for (NamedDrives& alike : drives_) {
    for (storage::device::Drive* drive : alike.drives) drive->load().restart(engine_.now());
  }
}

}  // namespace models
