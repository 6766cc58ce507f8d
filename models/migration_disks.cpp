// Disks of a VM that migrates, copied while it writes to them: QEMU's drive-mirror to an NBD server
// at the other host. Its threads are the migration's own; what a page costs them is what a page of
// memory does (assumption: both are read, checked for zeros, sent by TCP and taken out of a
// socket).
#include <algorithm>
#include <cmath>

#include "models/cluster/outside.hpp"
#include "models/migration.hpp"
#include "models/running_host.hpp"
#include "sim/join.hpp"

namespace models {
namespace {

// QEMU block/mirror.c: MAX_IN_FLIGHT, MAX_IO_BYTES, and a look for new writes each slice.
constexpr int kInFlight = 16;
constexpr sim::Bytes kMostAtOnce{1 << 20};
constexpr sim::Duration kSlice{100'000'000'000};  // 100 ms
constexpr sim::Bytes kHeader{28};                 // NBD's request
constexpr double kPage_B = 4096.0;

}  // namespace

double Migration::marked_B() const {
  double all = 0.0;
  for (const TrackedPart* disk : disks_) all += static_cast<double>(disk->marked().count());
  return all;
}

// All of them, until no more is marked or time is up.
sim::Task<> Migration::copy_disks() {
  for (TrackedPart* disk : disks_) disk->track();
  {
    sim::Join all{engine_};
    for (std::size_t disk = 0; disk < disks_.size(); ++disk) all.add(copy_marked(disk));
    co_await all.all();
  }
  outcome_.storage_took = engine_.now() - outcome_.began;
  if (marked_B() > 0) co_return;
  mirroring_ = true;
  for (std::size_t disk = 0; disk < disks_.size(); ++disk) engine_.spawn(keep_copying(disk));
}

// The VM stands still, and nothing of its is under way.
sim::Task<> Migration::finish_disks() {
  while (marked_B() > 0 || moving_ > 0) {
    for (std::size_t disk = 0; disk < disks_.size(); ++disk) co_await copy_marked(disk);
    if (moving_ > 0) co_await still_;
  }
  for (TrackedPart* disk : disks_) disk->forget();
}

sim::Process Migration::keep_copying(std::size_t disk) {
  for (;;) {
    co_await engine_.delay(kSlice);
    if (!mirroring_) co_return;
    co_await copy_marked(disk);
  }
}

sim::Task<> Migration::copy_marked(std::size_t disk) {
  while (disks_[disk]->marked().count() > 0) {
    const bool running = stopped_ == sim::Instant{};
    if (running && late()) co_return;
    sim::Join workers{engine_};
    for (int i = 0; i < kInFlight; ++i) workers.add(move_extents(disk));
    co_await workers.all();
  }
}

sim::Task<> Migration::move_extents(std::size_t disk) {
  const double limit_Bps = description_.bandwidth.count();
  for (;;) {
    if (stopped_ == sim::Instant{} && late()) co_return;
    const TrackedPart::Extent extent = disks_[disk]->take(kMostAtOnce);
    if (extent.size.count() == 0) co_return;
    ++moving_;
    const double pages = std::ceil(static_cast<double>(extent.size.count()) / kPage_B);
    co_await disks_[disk]->serve(
        {.operation = storage::Operation::read, .offset = extent.offset, .size = extent.size});
    co_await send_pages(pages);
    if (limit_Bps > 0) co_await pace_.serve(extent.size / description_.bandwidth);
    co_await outside_.send(from_.number, to_.number, extent.size + kHeader);
    outcome_.storage_B += static_cast<double>((extent.size + kHeader).count());
    co_await load(pages);
    co_await disks_there_[disk]->serve(
        {.operation = storage::Operation::write, .offset = extent.offset, .size = extent.size});
    outcome_.left_B = marked_B();
    if (--moving_ == 0) still_.fire();
  }
}

}  // namespace models
