// One disk of a guest, from its file system to the part of the host's storage that it lies on:
//
//   guest page cache -> file system -> GuestDisk (bus, rings, event loop) -> throttle
//     -> write-through -> image
//     -> HostFile (submitting and reaping) -> host page cache and block layer
//     -> part of a disk, array or volume
//
// Stages that a disk does not have are left out. Part of the composition root.
// Checked tests/models/disk_path_test.cpp, io_paths_test.cpp.
#pragma once

#include <memory>
#include <vector>

#include "models/guest_disk.hpp"
#include "models/host_file.hpp"
#include "models/storage/backlog.hpp"
#include "models/storage/block_layer.hpp"
#include "models/storage/cache/page_cache.hpp"
#include "models/storage/file_system.hpp"
#include "models/storage/image/image.hpp"
#include "models/storage/shared_flushes.hpp"
#include "models/storage/throttle.hpp"
#include "models/storage/write_through.hpp"

namespace models {

// `backing`: what an image's unallocated clusters are read from. Throws ConfigError for an image
// that cannot be.
std::unique_ptr<storage::image::Image> make_image(const DiskDescription& disk,
                                                  storage::BlockDevice& below,
                                                  storage::image::Image* backing = nullptr);

class DiskPath {
 public:
  struct Threads {
    EventLoop* loop = nullptr;              // null: a container's disk
    std::vector<int> pool;                  // workers of aio=threads
    std::vector<int> vcpus;                 // workers
    storage::Thread* write_back = nullptr;  // of the host's kernel; only for buffered files
  };
  // What the image and its backing file lie on.
  struct Parts {
    std::unique_ptr<storage::BlockDevice> image;
    std::unique_ptr<storage::BlockDevice> backing;  // null: none
  };
  // `group` null: no limits. Throws ConfigError.
  DiskPath(RunningHost& host, const DiskDescription& description,
           const workload::IoProfile& profile, Parts parts, Threads threads,
           storage::throttle::Group* group);

  // How large the image's file may grow under a disk of `description.size`.
  static sim::Bytes largest_file(const DiskDescription& description);

  void start();
  // What a job asks: the guest's file system, through its page cache unless `direct`.
  storage::BlockDevice& top(bool direct) { return direct ? *direct_ : *cached_; }
  void drop_cached() { guest_cache_->drop_clean(); }
  const GuestDisk& disk() const { return *disk_; }
  storage::image::Image* image() { return image_.get(); }
  storage::image::Image* backing() { return backing_.get(); }
  // Until nothing of the guest's is below its kernel.
  sim::Task<> drained() { return disk_->drained(); }
  double storage_s() const;
  // Of its page caches, in the guest and on the host.
  storage::Backlog backlog() const;
  const storage::Backlog& backlog_before() const { return backlog_before_; }
  void restart_stats();

 private:
  // A file of the host, as its VMM reaches it.
  struct File {
    std::unique_ptr<storage::BlockDevice> part;
    std::unique_ptr<storage::BlockLayer> blocks;  // of a buffered file
    std::unique_ptr<storage::cache::PageCache> cache;
    std::unique_ptr<HostFile> file;
    double served_s() const { return file->served_s() + (blocks ? blocks->served_s() : 0.0); }
  };
  static File open_file(RunningHost& host, const DiskDescription& description,
                        std::unique_ptr<storage::BlockDevice> part, const Threads& threads);

  File file_;
  File backing_file_;
  std::unique_ptr<storage::image::Image> backing_;
  std::unique_ptr<storage::image::Image> image_;
  std::unique_ptr<storage::SharedFlushes> whole_device_;
  std::unique_ptr<storage::WriteThrough> write_through_;
  std::unique_ptr<storage::throttle::Throttle> throttle_;
  std::unique_ptr<GuestDisk> disk_;
  std::unique_ptr<storage::file_system::FileSystem> file_system_;
  std::unique_ptr<storage::cache::PageCache> guest_cache_;
  std::unique_ptr<storage::WriteThrough> guest_write_through_;
  storage::Backlog backlog_before_;
  storage::BlockDevice* direct_ = nullptr;
  storage::BlockDevice* cached_ = nullptr;
};

}  // namespace models
