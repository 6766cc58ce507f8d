// QEMU's I/O limits on a disk, or on a group of disks: leaky buckets (<iotune> of libvirt).
//
// Six buckets, {bytes, operations} x {total, read, write}. One leaks `avg` units a second; a
// request goes on when none of the four that concern it is over its size, else it waits until the
// fullest has leaked. Sizes: max x max_length, or avg / 10 without a max. With a length over a
// second, a second level that leaks `max` a second and holds max / 10 keeps a burst to its rate.
//
// Models  check before the request is added, accounting when it goes on; large requests counted as
//         several operations (size_iops_sec); groups: one timer for each direction, members take
//         turns.
// Omits   flushes are not limited, as in QEMU.
// Source  semantics.md 6.1 (util/throttle.c, block/throttle-groups.c, docs/throttle.txt).
// Checked tests/models/storage/throttle_test.cpp.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "models/storage/block_device.hpp"

namespace models::storage::throttle {

// The names are libvirt's. Zero: no limit. Operations are counts a second.
struct Description {
  sim::BytesPerSecond total_bytes_sec{};
  sim::BytesPerSecond read_bytes_sec{};
  sim::BytesPerSecond write_bytes_sec{};
  double total_iops_sec = 0;
  double read_iops_sec = 0;
  double write_iops_sec = 0;
  sim::BytesPerSecond total_bytes_sec_max{};
  sim::BytesPerSecond read_bytes_sec_max{};
  sim::BytesPerSecond write_bytes_sec_max{};
  double total_iops_sec_max = 0;
  double read_iops_sec_max = 0;
  double write_iops_sec_max = 0;
  sim::Duration total_bytes_sec_max_length{1'000'000'000'000};  // 1 s
  sim::Duration read_bytes_sec_max_length{1'000'000'000'000};
  sim::Duration write_bytes_sec_max_length{1'000'000'000'000};
  sim::Duration total_iops_sec_max_length{1'000'000'000'000};
  sim::Duration read_iops_sec_max_length{1'000'000'000'000};
  sim::Duration write_iops_sec_max_length{1'000'000'000'000};
  sim::Bytes size_iops_sec{};  // a larger request counts as several operations
  std::string group_name{};    // disks of one name share the limits; empty: the disk's own

  bool limits() const;
};

// A leaky bucket of units (bytes or operations).
struct Bucket {
  double avg = 0;  // units a second; 0: no limit
  double max = 0;
  double length_s = 1;
  double level = 0;
  double burst_level = 0;

  void leak(double elapsed_s);
  double wait_s() const;
  void add(double units);
};

class Throttle;

// Limits that several disks share.
class Group {
 public:
  // Throws if the limits contradict each other.
  Group(sim::Engine& engine, const Description& description);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

 private:
  friend class Throttle;
  enum Direction { kRead, kWrite };
  struct Waiter {
    Waiter(Group& owner, Throttle& disk, Direction way)
        : group{owner},
          member{disk},
          direction{way},
          go_{sim::Event::calling<&Waiter::go>(owner.engine_, *this)} {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
    void release() { go_.after(sim::Duration::zero()); }

    Group& group;
    Throttle& member;
    Direction direction;

   private:
    void go() { handle_.resume(); }
    sim::Event go_;
    std::coroutine_handle<> handle_;
  };

  void account(Direction direction, sim::Bytes size);
  void schedule_next(Throttle& member, Direction direction, bool at_once);
  bool arm_timer(Throttle& member, Direction direction);
  Throttle& next_in_turn(Throttle& member, Direction direction);
  bool restart_one(Throttle& member, Direction direction);
  void timer_fired(Direction direction);
  void read_timer_fired() { timer_fired(kRead); }
  void write_timer_fired() { timer_fired(kWrite); }
  void leak();

  sim::Engine& engine_;
  std::array<Bucket, 6> buckets_;  // bytes: total, read, write; operations: total, read, write
  double operation_bytes_;
  sim::Instant leaked_{};
  std::vector<Throttle*> members_;
  std::array<Throttle*, 2> token_{};  // whose turn it was
  std::array<bool, 2> armed_{};
  std::array<sim::Event, 2> timer_;
};

class Throttle : public BlockDevice {
 public:
  struct Stats {
    std::int64_t delayed = 0;  // requests that had to wait
    sim::Duration waited{};    // of all of them
  };
  Throttle(BlockDevice& below, Group& group);

  sim::Engine& engine() override { return below_.engine(); }
  sim::Bytes capacity() const override { return below_.capacity(); }
  sim::Task<> serve(Request request) override;
  const Stats& stats() const { return stats_; }

 private:
  friend class Group;
  sim::Task<> limited(Request request, Group::Direction direction);

  BlockDevice& below_;
  Group& group_;
  std::array<std::deque<Group::Waiter*>, 2> waiting_;
  Stats stats_;
};

}  // namespace models::storage::throttle
