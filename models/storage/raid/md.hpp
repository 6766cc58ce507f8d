// Software RAID, what all levels share: requests and their CPU time, flushes to all members,
// members that fail, spares that are rebuilt, the write-intent bitmap.
//
// Models  one flush at a time, shared by all that asked while another ran; CPU time of a request
//         (the submitter's) and of a flush (of a thread); bitmap ahead of writes.
// Omits   the submitter's CPU: a request's CPU time passes, but takes no thread's; superblock
//         updates; bad blocks; failfast, write-mostly, write-behind; reshaping; discards (zeroes
//         are written on RAID 5/6).
// Source  semantics.md 7; costs: description.hpp.
// Checked tests/models/storage/raid/md_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/storage/raid/array.hpp"
#include "models/storage/raid/bitmap.hpp"
#include "models/storage/raid/geometry.hpp"
#include "models/storage/round.hpp"

namespace models::storage::raid {

class Md : public Array {
 public:
  Md(sim::Engine& engine, const Description& description, std::vector<BlockDevice*> members,
     std::vector<Thread*> threads);
  Md(const Md&) = delete;
  Md& operator=(const Md&) = delete;

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return geometry_.capacity(); }
  sim::Task<> serve(Request request) override;
  void fail(int member) override;
  State state() const override;
  Progress rebuild_progress() const override;
  Stats stats() const override { return stats_; }
  const Geometry& geometry() const { return geometry_; }

 protected:
  struct Member {
    BlockDevice* device = nullptr;
    bool failed = false;
    bool rebuilding = false;
    sim::Bytes in_step{};       // rebuilding: up to here
    int pending = 0;            // requests under way
    sim::Bytes head{};          // end of the last request
    sim::Bytes read_end{};      // end of the last read
    sim::Bytes foreign{};       // moved for others than the rebuild
    sim::Bytes foreign_seen{};  // when the rebuild last found it busy
  };
  struct Piece {
    int member = 0;
    sim::Bytes offset{};
    sim::Bytes size{};
  };

  virtual sim::Task<> read(Request request) = 0;
  virtual sim::Task<> write(Request request) = 0;
  // Brings a part of `target` into step, or of all members after a crash (target -1).
  virtual sim::Task<> restore(int target, sim::Bytes offset, sim::Bytes size) = 0;

  Member& member(int i) { return members_[static_cast<std::size_t>(i)]; }
  const Member& member(int i) const { return members_[static_cast<std::size_t>(i)]; }
  bool readable(int i, sim::Bytes offset, sim::Bytes size) const {
    const Member& m = member(i);
    return !m.failed && (!m.rebuilding || offset + size <= m.in_step);
  }
  bool writable(int i) const { return !member(i).failed; }
  // Of the resync after creation: parity and copies agree below it.
  sim::Bytes synced() const { return synced_; }
  const Description& description() const { return description_; }
  Stats& counts() { return stats_; }

  // One request to a member, `like` the given one in all but place.
  sim::Task<> submit(Piece piece, Request like);
  sim::Task<> submit_rebuild(Piece piece, Operation operation);
  sim::Task<> submit_all(const std::vector<Piece>& pieces, Request like);
  sim::Task<> work(sim::Duration time);  // of the array's threads, in turn; time > 0
  Bitmap* bitmap() { return bitmap_ ? &*bitmap_ : nullptr; }

 private:
  sim::Task<> flush_members();
  sim::Task<> flush_one(int i);
  sim::Task<> write_bitmap();
  sim::Task<> write_bitmap_to(int i);
  void start_rebuild();
  void follow(int target, sim::Bytes length);
  void ended(int target, bool complete);
  bool idle();

  sim::Engine& engine_;
  Description description_;
  Geometry geometry_;
  std::vector<Member> members_;
  std::vector<BlockDevice*> spares_;
  std::vector<Thread*> threads_;  // [0]: raid5d; the others: its group
  std::size_t next_thread_ = 0;
  Stats stats_;
  Round flush_;
  std::optional<Bitmap> bitmap_;
  sim::Bytes synced_{};
  std::vector<std::unique_ptr<Rebuild>> rebuilds_;  // the last may run, the others have ended
  int target_ = -1;                                 // of the rebuild
  bool lost_ = false;
};

}  // namespace models::storage::raid
