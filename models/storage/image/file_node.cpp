#include "models/storage/image/file_node.hpp"

#include <fmt/format.h>

#include "sim/error.hpp"

namespace models::storage::image {

FileNode::FileNode(BlockDevice& file, sim::Bytes alignment)
    : file_{file}, alignment_{alignment.count()}, flush_done_{file.engine()} {
  if (alignment_ < 1) {
    throw sim::ConfigError{fmt::format("alignment of {} B, needs at least 1", alignment_)};
  }
}

Request FileNode::request(Operation operation, std::int64_t offset, std::int64_t size,
                          Origin from) const {
  const std::int64_t begin = offset / alignment_ * alignment_;
  const std::int64_t end = (offset + size + alignment_ - 1) / alignment_ * alignment_;
  return {.operation = operation,
          .offset = sim::Bytes{begin},
          .size = sim::Bytes{end - begin},
          .stream = from.stream,
          .node = from.node,
          .waits = from.waits};
}

sim::Task<> FileNode::read(std::int64_t offset, std::int64_t size, Origin from) {
  const Request padded = request(Operation::read, offset, size, from);
  ++stats_.reads;
  stats_.read_bytes += padded.size;
  return file_.serve(padded);
}

sim::Task<> FileNode::write(std::int64_t offset, std::int64_t size, Origin from) {
  const Request padded = request(Operation::write, offset, size, from);
  ++stats_.writes;
  stats_.written_bytes += padded.size;
  co_await file_.serve(padded);
  ++written_;
}

sim::Task<> FileNode::write_zeroes(std::int64_t offset, std::int64_t size, Origin from) {
  ++stats_.zeroes;
  co_await file_.serve(request(Operation::write_zeroes, offset, size, from));
  ++written_;
}

sim::Task<> FileNode::flush(Origin from) {
  const std::int64_t generation = written_;
  while (flushing_) co_await flush_done_;
  if (flushed_ >= generation) co_return;
  flushing_ = true;
  ++stats_.syncs;
  co_await file_.serve(request(Operation::flush, 0, 0, from));
  flushed_ = generation;
  flushing_ = false;
  flush_done_.fire();
}

sim::Task<> FileNode::write_sync(std::int64_t offset, std::int64_t size) {
  co_await write(offset, size);
  co_await flush();
}

}  // namespace models::storage::image
