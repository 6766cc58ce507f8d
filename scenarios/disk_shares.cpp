#include "scenarios/disk_shares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace scenarios {
namespace {

using models::DiskDescription;
using models::HostDescription;
using models::StorageDescription;
using models::VmDescription;

// Disks of that name; 0: it is no disk of the host, nor what lies on them.
struct Below {
  int disks = 0;  // that guests take turns of
  bool rotating = false;
};

Below below(const StorageDescription& storage, std::string_view name) {
  using models::storage::device::Kind;
  for (const models::HostDisk& disk : storage.disks) {
    if (disk.name == name) return {disk.on.empty() ? disk.count : 0, disk.device.kind == Kind::hdd};
  }
  const auto any = [&](const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& one) { return below(storage, one).rotating; });
  };
  for (const models::HostArray& array : storage.arrays) {
    if (array.name == name) return {1, any(array.disks)};
  }
  for (const models::HostVolume& volume : storage.volumes) {
    if (volume.name == name) return {1, any(volume.on)};
  }
  return {};
}

bool whole_disk(const models::workload::Description& work) {
  return (work.io.any() && work.io.span.count() == 0) ||
         std::any_of(work.tests.begin(), work.tests.end(),
                     [](const auto& test) { return test.io.span.count() == 0; });
}

int disks_on(const VmDescription& vm, const std::string& on) {
  int disks = 0;
  for (const DiskDescription& disk : vm.disks)
    disks += (disk.on == on ? 1 : 0) + (disk.backing == on ? 1 : 0);
  return disks;
}

// How many there are of a size at most: "the whole of it" is one.
struct Parts {
  int fewest = 0;
  int most = 0;
};

using AllParts = std::map<std::pair<std::string, std::string>, Parts>;  // by VM class and place

void add(AllParts& all, const HostDescription& host, bool alone) {
  for (const VmDescription& vm : host.vms) {
    if (!whole_disk(vm.workload)) continue;
    for (const DiskDescription& disk : vm.disks) {
      const Below under = below(host.storage, disk.on);
      if (disk.size.count() > 0 || under.disks == 0 || !under.rotating) continue;
      const auto parts = [&](int askers) { return (askers + under.disks - 1) / under.disks; };
      int askers = 0;
      for (const VmDescription& other : host.vms) askers += other.count * disks_on(other, disk.on);
      Parts& own = all[{vm.name, disk.on}];
      const int here = parts(askers);
      const int least = alone ? std::min(here, parts(disks_on(vm, disk.on))) : here;
      own.fewest = own.fewest == 0 ? least : std::min(own.fewest, least);
      own.most = std::max(own.most, here);
    }
  }
}

std::string share(int parts) {
  return parts == 1 ? "the whole" : fmt::format("1/{}", parts);
}

}  // namespace

void note_disk_shares(Study& study) {
  AllParts all;
  for (const Point& point : study.points) {
    add(all, point.scenario.host, study.baseline.empty());
    for (const HostDescription& other : point.scenario.host.others)
      add(all, other, study.baseline.empty());
  }
  for (const auto& [whose, parts] : all) {
    if (parts.fewest == parts.most) continue;
    study.notes.push_back(fmt::format(
        "vm.{}'s disk on {} is its share of it, {} to {} over the points and the "
        "baseline: seeks shorten as it shrinks, which makes it faster; give it a size "
        "(vm.{}.disk.size)",
        whose.first, whose.second, share(parts.fewest), share(parts.most), whose.first));
  }
}

}  // namespace scenarios
