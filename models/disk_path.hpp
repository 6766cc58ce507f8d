// One disk of a guest, from its file system to the part of the host's storage that it lies on:
//
//   guest page cache -> file system -> GuestDisk (bus, rings, event loop) -> throttle -> image
//     -> host page cache -> HostFile (submitting and reaping) -> part of a disk, array or volume
//
// Stages that a disk does not have are left out. Part of the composition root.
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <memory>
#include <vector>

#include "models/guest_disk.hpp"
#include "models/host_file.hpp"
#include "models/storage/cache/page_cache.hpp"
#include "models/storage/file_system.hpp"
#include "models/storage/image/image.hpp"
#include "models/storage/throttle.hpp"

namespace models {

// What the disk takes of the host's storage at most; zero: an equal share.
sim::Bytes space(const DiskDescription& description);
// Throws ConfigError for an image that cannot be.
std::unique_ptr<storage::image::Image> make_image(const DiskDescription& disk,
                                                  storage::BlockDevice& below);

class DiskPath {
 public:
  struct Threads {
    EventLoop* loop = nullptr;  // null: a container's disk
    std::vector<int> pool;      // workers of aio=threads
    std::vector<int> vcpus;     // workers
  };
  // `group` null: no limits. Throws ConfigError.
  DiskPath(RunningHost& host, const DiskDescription& description,
           const workload::IoProfile& profile, std::unique_ptr<storage::BlockDevice> part,
           Threads threads, storage::throttle::Group* group);

  void start();
  // What a job asks: through the guest's page cache unless `direct`.
  storage::BlockDevice& top(bool direct) { return direct ? *disk_ : *cached_; }
  const GuestDisk& disk() const { return *disk_; }
  storage::image::Image* image() { return image_.get(); }
  double storage_s() const { return file_ ? file_->served_s() : disk_->stats().vmm_s; }
  void restart_stats();

 private:
  std::unique_ptr<storage::BlockDevice> part_;
  std::unique_ptr<HostFile> file_;
  std::unique_ptr<storage::cache::PageCache> host_cache_;
  std::unique_ptr<storage::image::Image> image_;
  std::unique_ptr<storage::throttle::Throttle> throttle_;
  std::unique_ptr<GuestDisk> disk_;
  std::unique_ptr<storage::file_system::FileSystem> file_system_;
  std::unique_ptr<storage::cache::PageCache> guest_cache_;
  storage::BlockDevice* cached_ = nullptr;
};

}  // namespace models
