#include "models/storage/image/raw.hpp"

#include <fmt/format.h>

#include "sim/error.hpp"

namespace models::storage::image {
namespace {

constexpr std::int64_t kBlock = 65536;          // allocated together when writes are spread
constexpr sim::Bytes kMetadata{4096};           // a block of the file system
constexpr std::int64_t kExtentsPerBlock = 340;  // 4096 B / 12 B (ext4, include header)

}  // namespace

Raw::Raw(BlockDevice& file, const Description& description)
    : description_{description},
      device_{file},
      file_{file, description.alignment},
      sparse_{description.preallocation == Preallocation::off ||
              description.preallocation == Preallocation::metadata} {
  if (description.size.count() <= 0) {
    throw sim::ConfigError{
        fmt::format("image of {} B, needs more than 0", description.size.count())};
  }
}

sim::Task<> Raw::serve(Request request) {
  const std::int64_t offset = request.offset.count();
  const std::int64_t bytes = request.size.count();
  switch (request.operation) {
    case Operation::read:
      return file_.read(offset, bytes, request.origin());
    case Operation::write:
      if (request.fua || (sparse_ && hole(offset, bytes))) return write_new(request);
      return file_.write(offset, bytes, request.origin());
    case Operation::write_zeroes:
      return file_.write_zeroes(offset, bytes, request.origin());
    case Operation::flush:
      break;
  }
  return flush(request.origin());
}

// Whether any of it has never been written.
bool Raw::hole(std::int64_t offset, std::int64_t bytes) const {
  for (std::int64_t block = offset / kBlock; block * kBlock < offset + bytes; ++block) {
    if ((block + 1) * kBlock > description_.allocated.count() && !written_.contains(block)) {
      return true;
    }
  }
  return false;
}

sim::Task<> Raw::write_new(Request request) {
  const std::int64_t offset = request.offset.count();
  const std::int64_t end = offset + request.size.count();
  if (sparse_) {
    for (std::int64_t block = offset / kBlock; block * kBlock < end; ++block) {
      // One that follows what is there makes the extent longer.
      const bool follows = block > 0 && written_.contains(block - 1);
      if (written_.insert(block) && !follows) ++new_extents_;
    }
  }
  co_await file_.write(offset, request.size.count(), request.origin());
  if (new_extents_ >= kExtentsPerBlock) {
    const CountedWait wait{engine(), request.waits, &Waits::image_s};
    co_await write_metadata();
  }
  if (request.fua) co_await flush(request.origin());
}

sim::Task<> Raw::write_metadata() {
  new_extents_ = 0;
  ++metadata_writes_;
  co_await device_.serve({.operation = Operation::write, .size = kMetadata});
}

sim::Task<> Raw::flush(Origin from) {
  if (new_extents_ > 0) {
    const CountedWait wait{engine(), from.waits, &Waits::image_s};
    co_await write_metadata();
  }
  co_await file_.flush(from);
}

sim::Task<> Raw::open() {
  co_return;
}

sim::Task<> Raw::close() {
  return flush({});
}

sim::Task<bool> Raw::reads_as_zeroes(sim::Bytes offset, sim::Bytes size) {
  if (!sparse_) co_return false;
  const std::int64_t end = offset.count() + size.count();
  for (std::int64_t block = offset.count() / kBlock; block * kBlock < end; ++block) {
    if (block * kBlock < description_.allocated.count() || written_.contains(block)) {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace models::storage::image
