// A journalling file system as a stage of the path: what its metadata adds to the data's I/O.
//
// Data goes to the place where it would go without it. A write to a block that was never written
// changes metadata (block bitmap, extents, inode); fsync of changed metadata commits the journal:
//   ext4, ext3  descriptor and changed blocks in the journal, [flush], commit record [durable]
//   xfs         one log record, [flush] before, [durable]
// with what is in brackets left out by nobarrier. fsync without changed metadata is a flush alone.
//
// Models  group commit (fsyncs during a commit share the next one), commits every 5 s (xfs 30 s),
//         changed blocks written to their places after a commit, without anybody waiting.
// Omits   directories, truncation, a full journal, data=journal; xfs's log deltas are taken as
//         kXfsDelta of each change.
// Source  Documentation/filesystems/ext4, fs/jbd2/commit.c, fs/xfs/xfs_log.c (recall).
// Checked tests/models/storage/file_system_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"
#include "models/storage/block_set.hpp"

namespace models::storage::file_system {

enum class Kind { ext3, ext4, xfs };

struct Description {
  Kind kind = Kind::ext4;
  bool barrier = true;     // mount -o nobarrier: false
  sim::Duration commit{};  // mount -o commit=; 0 s: the kind's default
  sim::Bytes journal{std::int64_t{128} << 20};
  double journal_at = 0.5;  // of the device, where it lies: ext4 puts it in the middle
  bool allocated = true;    // the files were written before: no write allocates
};

struct Stats {
  std::int64_t commits = 0;
  std::int64_t journal_writes = 0;
  std::int64_t metadata_writes = 0;  // to their places
};

class FileSystem : public BlockDevice {
 public:
  FileSystem(BlockDevice& below, const Description& description);
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  sim::Engine& engine() override { return below_.engine(); }
  sim::Bytes capacity() const override { return below_.capacity(); }
  sim::Task<> serve(Request request) override;
  const Stats& stats() const { return stats_; }

 private:
  sim::Task<> write(Request request);
  sim::Task<> flush(Request request);
  sim::Task<> commit();
  sim::Process commit_in_time(sim::Engine& engine);
  sim::Process write_in_place(sim::Engine& engine, std::int64_t blocks);
  sim::Task<> journal_write(sim::Bytes size, bool durable);
  bool allocates(const Request& request);
  void timer_fired();

  BlockDevice& below_;
  Description description_;
  BlockSet written_;
  std::int64_t last_block_ = -2;     // that was allocated: neighbours share an extent
  std::int64_t changed_blocks_ = 0;  // of metadata, not committed
  std::int64_t change_ = 0;          // counts changes
  std::int64_t committed_ = 0;       // the last change that is durable
  bool committing_ = false;
  sim::Signal commit_done_;
  std::int64_t journal_head_ = 0;  // bytes into the journal
  std::int64_t place_ = 0;         // where metadata is written next, spread over block groups
  sim::Event timer_;
  bool timer_armed_ = false;
  Stats stats_;
};

}  // namespace models::storage::file_system
