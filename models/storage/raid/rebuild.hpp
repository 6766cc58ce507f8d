// Resync and rebuild: an array goes over its members from start to end, a window of steps at a
// time, and makes way for other requests.
//
//   speed = what is done since the oldest of ten marks, 3 s apart, per second
//   speed > speed_min and others are at work: waits until its own steps are done before the next
//   speed > speed_max: sleeps 500 ms
//
// Models  the above; the place up to which the members are in step again.
// Omits   the barrier that keeps requests out of the window under way; checks and repairs;
//         resync by the bitmap (a mark is cleared as if it had been).
// Source  semantics.md 7 (md.c md_do_sync, is_mddev_idle).
// Checked tests/models/storage/raid/rebuild_test.cpp.
#pragma once

#include <array>
#include <deque>
#include <functional>

#include "models/storage/raid/description.hpp"
#include "sim/process.hpp"

namespace models::storage::raid {

struct RebuildWork {
  sim::Bytes length{};  // of a member
  // Brings [offset, offset + size) of the members into step.
  std::function<sim::Task<>(sim::Bytes offset, sim::Bytes size)> restore;
  std::function<bool()> idle;                      // nobody else since it was last asked
  std::function<void(sim::Bytes offset)> reached;  // all before it is in step
  std::function<void(bool complete)> ended;
};

struct Progress {
  bool running = false;
  sim::Bytes done{};
  sim::Bytes length{};
  sim::BytesPerSecond speed{};  // of the last half minute
  sim::Duration left{};         // at that speed
};

class Rebuild {
 public:
  // Starts at once. Ends unfinished when cancelled.
  Rebuild(sim::Engine& engine, const RebuildTunables& tunables, RebuildWork work);
  Rebuild(const Rebuild&) = delete;
  Rebuild& operator=(const Rebuild&) = delete;

  sim::Engine& engine() { return engine_; }
  void cancel() { cancelled_ = true; }
  bool ended() const { return ended_; }
  Progress progress() const;

 private:
  static constexpr int kMarks = 10;  // SYNC_MARKS
  struct Mark {
    sim::Instant time{};
    sim::Bytes done{};
  };
  struct Step {
    sim::Bytes end{};
    bool done = false;
  };
  sim::Process run();
  sim::Process step(sim::Bytes offset, sim::Bytes size, std::size_t number);
  sim::Task<> make_way();
  void move_marks();
  double speed_Bps() const;

  sim::Engine& engine_;
  RebuildTunables tunables_;
  RebuildWork work_;
  sim::Signal step_done_;
  std::deque<Step> window_;
  std::size_t first_step_ = 0;  // number of window_.front()
  int under_way_ = 0;
  sim::Bytes done_{};     // completed, in any order
  sim::Bytes reached_{};  // completed without a gap
  std::array<Mark, kMarks> marks_;
  int last_mark_ = 0;
  Mark oldest_;
  bool cancelled_ = false;
  bool ended_ = false;
};

}  // namespace models::storage::raid
