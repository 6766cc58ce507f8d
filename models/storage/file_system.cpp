#include "models/storage/file_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/error.hpp"

namespace models::storage::file_system {
namespace {

constexpr std::int64_t kBlock = 4096;
constexpr std::int64_t kFirstChange = 4;   // inode, bitmap, group descriptor, superblock or extents
constexpr std::int64_t kNextChange = 1;    // another group's bitmap or extent block, at most
constexpr std::int64_t kMostChanges = 64;  // distinct blocks of one transaction for one file
constexpr std::int64_t kXfsDelta = 512;    // logged of each changed block (recall: 128 B chunks)
constexpr std::int64_t kGroup = std::int64_t{128} << 20;  // a block group: 32768 blocks
constexpr sim::Duration kCommit{5'000'000'000'000};       // jbd2, 5 s
constexpr sim::Duration kXfsCommit{30'000'000'000'000};   // xfssyncd_centisecs, 30 s

}  // namespace

FileSystem::FileSystem(BlockDevice& below, const Description& description)
    : below_{below},
      description_{description},
      commit_done_{below.engine()},
      timer_{sim::Event::calling<&FileSystem::timer_fired>(below.engine(), *this)} {
  if (description.commit == sim::Duration::zero()) {
    description_.commit = description.kind == Kind::xfs ? kXfsCommit : kCommit;
  }
  description_.journal = std::min(description.journal, below.capacity() / 4);
  if (description_.journal.count() < 64 * kBlock) {
    throw sim::ConfigError{fmt::format("journal of {} B on a device of {} B, needs at least {}",
                                       description_.journal.count(), below.capacity().count(),
                                       64 * kBlock)};
  }
  if (description.journal_at < 0 || description.journal_at > 1) {
    throw sim::ConfigError{
        fmt::format("journal_at {}, needs a share from 0 to 1", description.journal_at)};
  }
}

sim::Task<> FileSystem::serve(Request request) {
  switch (request.operation) {
    case Operation::flush:
      return flush(request);
    case Operation::write:
    case Operation::write_zeroes:
      if (!description_.allocated) return write(request);
      break;
    case Operation::read:
      break;
  }
  return below_.serve(request);
}

bool FileSystem::allocates(const Request& request) {
  const std::int64_t end = request.offset.count() + request.size.count();
  bool any = false;
  for (std::int64_t block = request.offset.count() / kBlock; block * kBlock < end; ++block) {
    if (!written_.insert(block)) continue;
    any = true;
    const bool follows = block == last_block_ + 1;
    last_block_ = block;
    if (changed_blocks_ == 0) {
      changed_blocks_ = kFirstChange;
    } else if (!follows) {
      changed_blocks_ = std::min(changed_blocks_ + kNextChange, kMostChanges);
    }
  }
  return any;
}

// Metadata changes when the data is there: nothing points to what was not written (data=ordered).
sim::Task<> FileSystem::write(Request request) {
  const bool durable = request.fua;
  co_await below_.serve(request);
  if (allocates(request)) {
    ++change_;
    if (!timer_armed_) {
      timer_armed_ = true;
      timer_.after(description_.commit);
    }
  }
  if (durable) co_await flush({.operation = Operation::flush, .stream = request.stream});
}

sim::Task<> FileSystem::flush(Request request) {
  const std::int64_t needed = change_;
  if (committed_ >= needed) {
    if (description_.barrier) co_await below_.serve(request);
    co_return;
  }
  while (committed_ < needed) {
    if (committing_) {
      co_await commit_done_;
    } else {
      co_await commit();
    }
  }
}

sim::Task<> FileSystem::journal_write(sim::Bytes size, bool durable) {
  ++stats_.journal_writes;
  if (journal_head_ + size.count() > description_.journal.count()) journal_head_ = 0;
  const auto start = static_cast<std::int64_t>(
      description_.journal_at *
      static_cast<double>(below_.capacity().count() - description_.journal.count()));
  const sim::Bytes offset{start / kBlock * kBlock + journal_head_};
  journal_head_ += size.count();
  co_await below_.serve(
      {.operation = Operation::write, .offset = offset, .size = size, .fua = durable});
}

sim::Task<> FileSystem::commit() {
  committing_ = true;
  ++stats_.commits;
  const std::int64_t covers = change_;
  const std::int64_t blocks = std::exchange(changed_blocks_, 0);
  const bool barrier = description_.barrier;
  const Request flush{.operation = Operation::flush};
  if (description_.kind == Kind::xfs) {
    const std::int64_t log = 512 + blocks * kXfsDelta;  // record header
    if (barrier) co_await below_.serve(flush);
    co_await journal_write(sim::Bytes{(log + kBlock - 1) / kBlock * kBlock}, barrier);
  } else {
    co_await journal_write(sim::Bytes{(1 + blocks) * kBlock}, false);
    if (barrier) co_await below_.serve(flush);
    co_await journal_write(sim::Bytes{kBlock}, barrier);
  }
  committed_ = covers;
  committing_ = false;
  engine().spawn(write_in_place(engine(), blocks));
  commit_done_.fire();
}

// Checkpoint: by the device's write-back, nobody waits.
sim::Process FileSystem::write_in_place(sim::Engine& engine, std::int64_t blocks) {
  co_await engine.delay(description_.commit);
  for (std::int64_t i = 0; i < blocks; ++i) {
    ++stats_.metadata_writes;
    const std::int64_t at = place_;
    place_ = (place_ + kGroup) % std::max<std::int64_t>(below_.capacity().count() - kBlock, 1);
    co_await below_.serve({.operation = Operation::write,
                           .offset = sim::Bytes{at / kBlock * kBlock},
                           .size = sim::Bytes{kBlock},
                           .synchronous = false,
                           .stream = -1});
  }
}

sim::Process FileSystem::commit_in_time(sim::Engine&) {
  if (!committing_ && committed_ < change_) co_await commit();
}

void FileSystem::timer_fired() {
  timer_armed_ = false;
  engine().spawn(commit_in_time(engine()));
}

}  // namespace models::storage::file_system
