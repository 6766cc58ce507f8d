// The I/O of VMs that move to another host.
#include <algorithm>

#include "models/io_paths.hpp"
#include "models/running_host.hpp"

namespace models {

IoPaths::RunningGuest* IoPaths::find(int vm) {
  return const_cast<RunningGuest*>(std::as_const(*this).find(vm));
}

const IoPaths::RunningGuest* IoPaths::find(int vm) const {
  const auto found = std::find_if(guests_.begin(), guests_.end(),
                                  [&](const RunningGuest& guest) { return guest.vm == vm; });
  return found == guests_.end() ? nullptr : &*found;
}

bool IoPaths::moves(const VmDescription& vm, const DiskDescription& disk) const {
  if (description_.server_of(disk.on) != nullptr) return false;  // is there already
  return std::any_of(description_.migrations.begin(), description_.migrations.end(),
                     [&](const MigrationDescription& migration) {
                       return migration.vm == vm.name &&
                              migration.storage == MigrationDescription::Storage::copy;
                     });
}

std::vector<TrackedPart*> IoPaths::moving(int vm) const {
  const RunningGuest* guest = find(vm);
  return guest == nullptr ? std::vector<TrackedPart*>{} : guest->moving;
}

void IoPaths::stop(int vm) {
  if (RunningGuest* guest = find(vm)) guest->stopped = true;
}

sim::Task<> IoPaths::drained(int vm) {
  const RunningGuest* guest = find(vm);
  if (guest == nullptr) co_return;
  for (const auto& disk : guest->disks) co_await disk->drained();
}

void IoPaths::arrive(int vm, const IoPaths& from, int vm_there) {
  RunningGuest* guest = find(vm);
  if (guest == nullptr || !guest->description->workload.io.any()) return;
  for (const Stream* stream : from.find(vm_there)->own->streams)
    guest->came_with.push_back(*stream);
  run_jobs(*guest);
}

void IoPaths::join(int kind, const IoPaths& other, int other_kind) {
  halves_[kind] = {&other, other_kind};
  Counts& all = counts_[static_cast<std::size_t>(kind)];
  const Counts& there = other.counts_[static_cast<std::size_t>(other_kind)];
  all.transactions += there.transactions;
  all.reads += there.reads;
  all.writes += there.writes;
  all.syncs += there.syncs;
  all.bytes += there.bytes;
  all.io.merge(there.io);
  all.transaction.merge(there.transaction);
  all.io_s.merge(there.io_s);
}

}  // namespace models
