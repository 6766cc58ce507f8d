// A raw image: the file or device itself, with what a sparse file costs when it grows.
//
// Models  requests passed on; in a sparse file, a write of metadata after so many new extents and
//         before a flush that must make new extents durable (the host's journal).
// Omits   what a file system stage below charges: allocation there is for files that it knows; that
//         holes are read without the disk.
// Source  semantics.md 6.3; ext4 extents of 12 B in blocks of 4 KiB.
// Checked tests/models/storage/image/qcow2_test.cpp.
#pragma once

#include "models/storage/block_set.hpp"
#include "models/storage/image/file_node.hpp"
#include "models/storage/image/image.hpp"

namespace models::storage::image {

class Raw : public Image {
 public:
  Raw(BlockDevice& file, const Description& description);
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  sim::Engine& engine() override { return file_.engine(); }
  sim::Bytes capacity() const override { return description_.size; }
  sim::Task<> serve(Request request) override;
  sim::Task<> open() override;
  sim::Task<> close() override;
  sim::Task<bool> reads_as_zeroes(sim::Bytes offset, sim::Bytes size) override;
  const Stats& stats() const override { return file_.stats(); }
  // Of the host's file system for this file; not among stats(), QEMU does not see them.
  std::int64_t metadata_writes() const { return metadata_writes_; }

 private:
  bool hole(std::int64_t offset, std::int64_t bytes) const;
  sim::Task<> write_new(Request request);
  sim::Task<> flush(Origin from);
  sim::Task<> write_metadata();

  Description description_;
  BlockDevice& device_;
  FileNode file_;
  bool sparse_;
  BlockSet written_;
  std::int64_t new_extents_ = 0;  // since the last metadata write
  std::int64_t metadata_writes_ = 0;
};

}  // namespace models::storage::image
