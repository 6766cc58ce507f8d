// QEMU's node of the image file: counts requests, pads them to the alignment, and leaves out
// flushes with nothing written since the last one.
//
// Models  generations of writes and flushes (block/io.c bdrv_co_flush): one flush at a time; one
//         whose writes an earlier flush has covered is left out.
// Omits   the read of a padded write (metadata of an O_DIRECT image is written in whole sectors).
// Source  semantics.md 6.2; behaviour seen with strace on qemu-io 7.2.
// Checked tests/models/storage/image/qcow2_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"
#include "models/storage/image/description.hpp"

namespace models::storage::image {

class FileNode {
 public:
  FileNode(BlockDevice& file, sim::Bytes alignment);

  sim::Engine& engine() { return file_.engine(); }
  // Offsets and sizes in bytes: the driver computes with them. `stream`: who asked.
  sim::Task<> read(std::int64_t offset, std::int64_t size, Origin from = {});
  sim::Task<> write(std::int64_t offset, std::int64_t size, Origin from = {});
  sim::Task<> write_zeroes(std::int64_t offset, std::int64_t size, Origin from = {});
  sim::Task<> flush(Origin from = {});
  // A write and a flush, for metadata whose order matters (bdrv_pwrite_sync).
  sim::Task<> write_sync(std::int64_t offset, std::int64_t size);

  // A read of what the image knows to be zero.
  void read_nothing(std::int64_t size) { stats_.unwritten += sim::Bytes{size}; }
  const Stats& stats() const { return stats_; }

 private:
  Request request(Operation operation, std::int64_t offset, std::int64_t size, Origin from) const;

  BlockDevice& file_;
  std::int64_t alignment_;
  std::int64_t written_ = 0;  // generation: writes that have completed
  std::int64_t flushed_ = 0;  // generation that is durable
  bool flushing_ = false;
  sim::Signal flush_done_;
  Stats stats_;
};

}  // namespace models::storage::image
