#include "models/storage/raid/md.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/storage/raid/redundancy.hpp"
#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

namespace {

constexpr Bytes kBusy{64 * 512};     // 64 sectors, md.c is_mddev_idle
constexpr Bytes kBitmapPage{4096};   // md-bitmap.c
constexpr Bytes kBitmapPlace{8192};  // behind the superblock of version 1.2 (recall)

std::vector<Bytes> sizes_of(const Description& description,
                            const std::vector<BlockDevice*>& members) {
  if (description.spares < 0 || description.spares >= static_cast<int>(members.size())) {
    throw sim::ConfigError{fmt::format("{} of {} disks are spares, needs at least 1 that is not",
                                       description.spares, members.size())};
  }
  std::vector<Bytes> sizes;
  for (std::size_t i = 0; i + static_cast<std::size_t>(description.spares) < members.size(); ++i) {
    sizes.push_back(members[i]->capacity());
  }
  return sizes;
}

}  // namespace

Md::Md(sim::Engine& engine, const Description& description, std::vector<BlockDevice*> members,
       std::vector<Thread*> threads)
    : engine_{engine},
      description_{description},
      geometry_{description, sizes_of(description, members)},
      threads_{std::move(threads)},
      flush_{engine} {
  const int n = geometry_.members();
  const auto level = name(description.level);
  sim::Complaints complaints;
  for (int i = 0; i < n; ++i) {
    members_.emplace_back().device = members[static_cast<std::size_t>(i)];
  }
  for (auto i = static_cast<std::size_t>(n); i < members.size(); ++i) {
    complaints.need(members[i]->capacity() >= geometry_.component(),
                    fmt::format("{}: spare {} is smaller than the members", level, i));
    spares_.push_back(members[i]);
  }
  std::vector<bool> failed(members_.size(), false);
  for (const int i : description.failed) {
    const bool known = i >= 0 && i < n;
    complaints.need(known,
                    fmt::format("{}: failed member {}, members are 0 to {}", level, i, n - 1));
    if (known) failed[static_cast<std::size_t>(i)] = member(i).failed = true;
  }
  complaints.need(survives(description.level, description.layout, description.copies, failed),
                  fmt::format("{} with {} failed of {} disks has lost its data", level,
                              description.failed.size(), n));
  complaints.need(!threads_.empty(), fmt::format("{}: needs a thread", level));
  const bool redundant = fault_tolerance(description.level, n, description.copies) > 0;
  complaints.need(redundant || (!description.bitmap.present && spares_.empty()),
                  fmt::format("{} takes no bitmap and no spares", level));
  complaints.raise();
  if (description.bitmap.present) {
    bitmap_.emplace(engine, description.bitmap, [this] { return write_bitmap(); });
  }
  const bool in_step = description.synced && !description.unclean;
  synced_ = in_step || !redundant ? geometry_.component() : Bytes{};
  start_rebuild();
}

sim::Task<> Md::serve(Request request) {
  if (lost_) throw sim::ModelError{"request to an array that has lost its data"};
  if (request.operation == Operation::flush) {
    ++stats_.flushes;
    co_await flush_.run([this] { return flush_members(); });
    co_return;
  }
  if (request.offset.count() < 0 || request.offset + request.size > capacity()) {
    throw sim::ModelError{"request beyond the end of an array"};
  }
  const bool reads = request.operation == Operation::read;
  ++(reads ? stats_.reads : stats_.writes);
  if (description_.costs.request > Duration::zero()) {
    co_await engine_.delay(description_.costs.request);
  }
  if (request.size.count() == 0) co_return;
  if (reads) {
    co_await read(request);
  } else {
    co_await write(request);
  }
}

sim::Task<> Md::submit(Piece piece, Request like) {
  Member& m = member(piece.member);
  like.offset = piece.offset;
  like.size = piece.size;
  const bool reads = like.operation == Operation::read;
  ++(reads ? stats_.member_reads : stats_.member_writes);
  ++m.pending;
  m.head = piece.offset + piece.size;
  if (reads) m.read_end = m.head;
  co_await m.device->serve(like);
  --m.pending;
  m.foreign += piece.size;
}

sim::Task<> Md::submit_rebuild(Piece piece, Operation operation) {
  Member& m = member(piece.member);
  ++(operation == Operation::read ? stats_.rebuild_reads : stats_.rebuild_writes);
  Request request;
  request.operation = operation;
  request.offset = piece.offset;
  request.size = piece.size;
  request.synchronous = false;
  ++m.pending;
  m.head = piece.offset + piece.size;
  co_await m.device->serve(request);
  --m.pending;
}

sim::Task<> Md::submit_all(const std::vector<Piece>& pieces, Request like) {
  sim::Join join{engine_};
  for (const Piece& piece : pieces) join.add(submit(piece, like));
  co_await join.all();
}

sim::Task<> Md::work(Duration time) {
  // Group threads do what raid5d would.
  const std::size_t group = threads_.size() - 1;
  Thread* thread = threads_[0];
  if (group > 0) {
    thread = threads_[1 + next_thread_];
    next_thread_ = (next_thread_ + 1) % group;
  }
  return thread->work(time);
}

// --- flushes and the bitmap ---

sim::Task<> Md::flush_members() {
  const Costs& costs = description_.costs;
  std::int64_t alive = 0;
  for (const Member& m : members_) alive += m.failed ? 0 : 1;
  const Duration cpu_time = costs.flush + costs.member_flush * alive;
  if (cpu_time > Duration::zero()) co_await threads_[0]->work(cpu_time);
  sim::Join join{engine_};
  for (int i = 0; i < geometry_.members(); ++i) {
    if (!member(i).failed) join.add(flush_one(i));
  }
  co_await join.all();
}

sim::Task<> Md::flush_one(int i) {
  ++stats_.member_flushes;
  Request request;
  request.operation = Operation::flush;
  return member(i).device->serve(request);
}

sim::Task<> Md::write_bitmap() {
  ++stats_.bitmap_writes;
  sim::Join join{engine_};
  for (int i = 0; i < geometry_.members(); ++i) {
    if (!member(i).failed) join.add(write_bitmap_to(i));
  }
  co_await join.all();
}

sim::Task<> Md::write_bitmap_to(int i) {
  co_await flush_one(i);
  Request request;
  request.operation = Operation::write;
  request.fua = true;
  Piece piece{i, kBitmapPlace, kBitmapPage};
  co_await submit(piece, request);
}

// --- failures ---

void Md::fail(int i) {
  if (i < 0 || i >= geometry_.members()) throw sim::ModelError{"no such member to fail"};
  Member& m = member(i);
  m.failed = true;
  if ((target_ == i || target_ < 0) && !rebuilds_.empty()) rebuilds_.back()->cancel();
  std::vector<bool> failed;
  for (const Member& each : members_) failed.push_back(each.failed || each.rebuilding);
  m.rebuilding = false;
  lost_ = lost_ || !survives(description_.level, description_.layout, description_.copies, failed);
  start_rebuild();
}

State Md::state() const {
  if (lost_) return State::lost;
  bool failed = false;
  bool rebuilding = false;
  for (const Member& m : members_) {
    failed = failed || m.failed;
    rebuilding = rebuilding || m.rebuilding;
  }
  if (rebuilding) return State::rebuilding;
  if (failed) return State::degraded;
  return synced_ < geometry_.component() ? State::resyncing : State::clean;
}

// One at a time: the resync first, then each spare.
void Md::start_rebuild() {
  if (lost_ || (!rebuilds_.empty() && !rebuilds_.back()->ended())) return;
  const Bytes component = geometry_.component();
  const auto gone =
      std::find_if(members_.begin(), members_.end(), [](const Member& m) { return m.failed; });
  if (gone != members_.end() && !spares_.empty()) {
    BlockDevice* spare = spares_.front();
    spares_.erase(spares_.begin());
    gone->device = spare;
    gone->failed = false;
    gone->rebuilding = true;
    gone->in_step = gone->head = gone->read_end = Bytes{};
    follow(static_cast<int>(gone - members_.begin()), component);
  } else if (gone == members_.end() && synced_ < component) {
    follow(-1, component);
  }
}

void Md::follow(int target, Bytes length) {
  target_ = target;
  RebuildWork work;
  work.length = length;
  work.restore = [this, target](Bytes offset, Bytes size) { return restore(target, offset, size); };
  work.idle = [this] { return idle(); };
  work.reached = [this, target](Bytes offset) {
    Bytes& limit = target < 0 ? synced_ : member(target).in_step;
    limit = std::max(limit, offset);
  };
  work.ended = [this, target](bool complete) { ended(target, complete); };
  rebuilds_.push_back(std::make_unique<Rebuild>(engine_, description_.rebuild, std::move(work)));
}

void Md::ended(int target, bool complete) {
  if (complete && target >= 0) member(target).rebuilding = false;
  start_rebuild();
}

bool Md::idle() {
  bool idle = true;
  for (Member& m : members_) {
    if (m.foreign - m.foreign_seen <= kBusy) continue;
    m.foreign_seen = m.foreign;
    idle = false;
  }
  return idle;
}

Progress Md::rebuild_progress() const {
  return rebuilds_.empty() ? Progress{} : rebuilds_.back()->progress();
}

}  // namespace models::storage::raid
