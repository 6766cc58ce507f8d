#include "models/disk_path.hpp"

#include <algorithm>
#include <utility>

#include "models/running_host.hpp"
#include "models/storage/image/qcow2.hpp"
#include "models/storage/image/raw.hpp"

namespace models {
namespace {

namespace image = storage::image;
namespace cache = storage::cache;

constexpr sim::Bytes kSector{512};  // O_DIRECT's alignment

// What a qcow2 image can show of a file that may grow to `file`, tables included.
sim::Bytes largest_image(const image::Description& description, sim::Bytes file) {
  image::Description tried = description;
  tried.allocated = {};
  const std::int64_t step = std::max<std::int64_t>(1 << 20, tried.cluster.count());
  std::int64_t least = 0, most = file.count() / step;
  while (least < most) {
    const std::int64_t middle = (least + most + 1) / 2;
    tried.size = sim::Bytes{middle * step};
    if (image::Qcow2::largest_file(tried) <= file) {
      least = middle;
    } else {
      most = middle - 1;
    }
  }
  return sim::Bytes{least * step};
}

}  // namespace

std::unique_ptr<image::Image> make_image(const DiskDescription& disk, storage::BlockDevice& below) {
  image::Description description = disk.image;
  description.size = disk.size.count() > 0 ? disk.size : below.capacity();
  if (cache::direct(disk.cache.mode)) description.alignment = kSector;
  if (description.format == image::Format::raw)
    return std::make_unique<image::Raw>(below, description);
  description.size = std::min(description.size, largest_image(description, below.capacity()));
  return std::make_unique<image::Qcow2>(below, description);
}

sim::Bytes space(const DiskDescription& description) {
  if (description.size.count() == 0 || description.image.format == image::Format::raw)
    return description.size;
  image::Description whole = description.image;
  whole.size = description.size;
  return image::Qcow2::largest_file(whole);
}

DiskPath::DiskPath(RunningHost& host, const DiskDescription& description,
                   const workload::IoProfile& profile, std::unique_ptr<storage::BlockDevice> part,
                   Threads threads, storage::throttle::Group* group)
    : part_{std::move(part)} {
  storage::BlockDevice* below = part_.get();
  if (threads.loop != nullptr) {
    file_ = std::make_unique<HostFile>(*threads.loop, *below, host.block_costs(),
                                       std::move(threads.pool));
    below = file_.get();
    if (description.cache.mode != cache::Mode::none) {
      host_cache_ = std::make_unique<cache::PageCache>(*below, description.cache, threads.loop);
      below = host_cache_.get();
    }
    const bool whole_device = description.image.format == image::Format::raw &&
                              description.image.preallocation != image::Preallocation::off;
    if (!whole_device) {
      image_ = make_image(description, *below);
      below = image_.get();
    }
    if (group != nullptr) {
      throttle_ = std::make_unique<storage::throttle::Throttle>(*below, *group);
      below = throttle_.get();
    }
  }
  disk_ = std::make_unique<GuestDisk>(host, description, profile, *below, threads.loop,
                                      std::move(threads.vcpus));
  cached_ = disk_.get();
  if (description.formatted) {
    file_system_ =
        std::make_unique<storage::file_system::FileSystem>(*cached_, description.file_system);
    cached_ = file_system_.get();
  }
  guest_cache_ = std::make_unique<cache::PageCache>(*cached_, description.guest_cache);
  cached_ = guest_cache_.get();
}

void DiskPath::start() {
  if (file_) file_->start();
  disk_->start();
}

void DiskPath::restart_stats() {
  disk_->restart_stats();
  if (file_) file_->restart_stats();
}

}  // namespace models
