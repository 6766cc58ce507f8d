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

image::Description opened(const DiskDescription& disk, const storage::BlockDevice& below) {
  image::Description description = disk.image;
  description.size = disk.size.count() > 0 ? disk.size : below.capacity();
  if (cache::direct(disk.cache.mode)) description.alignment = kSector;
  if (description.format == image::Format::qcow2)
    description.size = std::min(description.size, largest_image(description, below.capacity()));
  return description;
}

std::unique_ptr<image::Image> make_backing(image::Description description,
                                           storage::BlockDevice& below) {
  description.preallocation = image::Preallocation::full;
  description.snapshots = 0;
  return std::make_unique<image::Qcow2>(below, description);
}

}  // namespace

std::unique_ptr<image::Image> make_image(const DiskDescription& disk, storage::BlockDevice& below,
                                         image::Image* backing) {
  const image::Description made = opened(disk, below);
  if (made.format == image::Format::raw) return std::make_unique<image::Raw>(below, made);
  return std::make_unique<image::Qcow2>(below, made, backing);
}

sim::Bytes DiskPath::largest_file(const DiskDescription& description) {
  if (description.size.count() == 0 || description.image.format == image::Format::raw)
    return description.size;
  image::Description whole = description.image;
  whole.size = description.size;
  return image::Qcow2::largest_file(whole);
}

DiskPath::File DiskPath::open_file(RunningHost& host, const DiskDescription& description,
                                   std::unique_ptr<storage::BlockDevice> part,
                                   const Threads& threads) {
  File opened{.part = std::move(part), .blocks = nullptr, .cache = nullptr, .file = nullptr};
  storage::BlockDevice* below = opened.part.get();
  const vmm::BlockCosts& costs = host.block_costs();
  const bool buffered = !cache::direct(description.cache.mode);
  if (buffered) {
    const auto time = [&](sim::Cycles cycles) {
      return RunningHost::thread_time(host.thread_work(cycles));
    };
    opened.blocks = std::make_unique<storage::BlockLayer>(
        *below, *threads.write_back,
        storage::BlockLayer::Costs{.submit = time(costs.submit),
                                   .interrupt = time(costs.interrupt)});
    below = opened.blocks.get();
    opened.cache = std::make_unique<cache::PageCache>(*below, description.cache);
    below = opened.cache.get();
  }
  const sim::Cycles submit = description.aio == Aio::io_uring ? costs.uring : costs.submit;
  opened.file =
      std::make_unique<HostFile>(*threads.loop, *below, costs, submit, threads.pool, buffered);
  return opened;
}

DiskPath::DiskPath(RunningHost& host, const DiskDescription& description,
                   const workload::IoProfile& profile, Parts parts, Threads threads,
                   storage::throttle::Group* group) {
  storage::BlockDevice* below = parts.image.get();
  if (threads.loop == nullptr) {
    file_.part = std::move(parts.image);
  } else {
    file_ = open_file(host, description, std::move(parts.image), threads);
    below = file_.file.get();
    const bool whole_device = description.image.format == image::Format::raw &&
                              description.image.preallocation != image::Preallocation::off;
    if (!whole_device) {
      if (parts.backing != nullptr) {
        backing_file_ = open_file(host, description, std::move(parts.backing), threads);
        backing_ = make_backing(opened(description, *below), *backing_file_.file);
      }
      image_ = make_image(description, *below, backing_.get());
      below = image_.get();
    } else {  // QEMU's one flush at a time, which images do themselves
      whole_device_ = std::make_unique<storage::SharedFlushes>(*below);
      below = whole_device_.get();
    }
  }
  if (threads.loop != nullptr && cache::write_through(description.cache.mode)) {
    write_through_ = std::make_unique<storage::WriteThrough>(*below);
    below = write_through_.get();
  }
  if (group != nullptr) {  // of a container: its cgroup's
    throttle_ = std::make_unique<storage::throttle::Throttle>(*below, *group);
    below = throttle_.get();
  }
  disk_ = std::make_unique<GuestDisk>(host, description, profile, *below, threads.loop,
                                      std::move(threads.vcpus));
  direct_ = disk_.get();
  if (description.formatted) {
    file_system_ =
        std::make_unique<storage::file_system::FileSystem>(*disk_, description.file_system);
    direct_ = file_system_.get();
  }
  guest_cache_ = std::make_unique<cache::PageCache>(*direct_, description.guest_cache);
  const cache::Mode mode = description.guest_cache.mode;
  cached_ = cache::direct(mode) ? direct_ : guest_cache_.get();
  if (cache::write_through(mode)) {
    guest_write_through_ = std::make_unique<storage::WriteThrough>(*cached_);
    cached_ = guest_write_through_.get();
  }
}

void DiskPath::start() {
  for (const File* file : {&file_, &backing_file_}) {
    if (file->file) file->file->start();
  }
  disk_->start();
}

double DiskPath::storage_s() const {
  const GuestDisk::Stats& stats = disk_->stats();
  if (!file_.file) return stats.vmm_s - stats.waits.limits_s;
  return file_.served_s() + (backing_file_.file ? backing_file_.served_s() : 0.0);
}

storage::Backlog DiskPath::backlog() const {
  storage::Backlog all = guest_cache_->backlog();
  if (file_.cache) all.add(file_.cache->backlog());
  return all;
}

void DiskPath::restart_stats() {
  backlog_before_ = backlog();
  disk_->restart_stats();
  for (const File* file : {&file_, &backing_file_}) {
    if (file->file) file->file->restart_stats();
    if (file->blocks) file->blocks->restart_stats();
  }
}

}  // namespace models
