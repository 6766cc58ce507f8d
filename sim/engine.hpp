// The engine: a clock, the events to come, coroutine processes and named random streams.
//
// An engine is an object without globals: many run side by side, each on one thread, and give the
// same results as one after another. Two ways to describe behaviour share its queue: events
// (event.hpp), objects with a fixed handler, for schedulers and timers; and coroutine processes
// (process.hpp) for what reads as a story.
//
// Checked tests/sim/engine_test.cpp.
#pragma once

#include <cstdint>
#include <exception>
#include <string_view>
#include <vector>

#include "sim/event_queue.hpp"
#include "sim/frame_pool.hpp"
#include "sim/random.hpp"
#include "sim/trace.hpp"
#include "sim/units.hpp"

namespace sim {

class Event;
class Process;
class Delay;

class Engine {
 public:
  explicit Engine(std::uint64_t seed = 1) : seed_{seed} {}
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Instant now() const { return now_; }
  // Runs until no event is left or stop(). An exception of a handler or of a process surfaces here.
  void run();
  // Fires all events up to and including `end`; then now() == end, unless stopped before.
  void run_until(Instant end);
  void stop() { stopped_ = true; }
  // Within a handler: whether more is due at now().
  bool due_at_once() const { return queue_.due_at_once(); }
  std::uint64_t events_executed() const { return executed_; }

  // Draws that depend on the engine's seed and the name only. The name is a component's path.
  Random stream(std::string_view name) const { return Random{seed_, name}; }

  // co_await engine.delay(5_us), in a process (process.hpp).
  Delay delay(Duration duration);
  // Starts a process at now(), behind what is already due.
  void spawn(Process process);
  // Destroys all that still wait, frames and all. For owners of what those frames point to, who go
  // before the engine does.
  void end_processes();

  FramePool& frames() { return frames_; }
  Trace& trace() { return trace_; }
  Engine& engine() { return *this; }

  // For processes: an exception that nobody awaits, and the frames that still wait at the end.
  void fail(std::exception_ptr error) { failure_ = std::move(error); }
  void adopt(void* frame, std::size_t* position);
  void disown(std::size_t position);

 private:
  friend class Event;
  void fire_until(Instant end);
  void prefetch() const;

  std::uint64_t seed_;
  Instant now_{};
  bool stopped_ = false;
  std::uint64_t executed_ = 0;
  EventQueue queue_;
  struct Action {
    void (*handler)(void*);
    void* target;
  };
  std::vector<Action> actions_;  // [slot]: beside the queue, so that firing touches no Event
  FramePool frames_;
  Trace trace_;
  struct Root {
    void* frame;
    std::size_t* position;  // in the frame's promise: where it stands in roots_
  };
  std::vector<Root> roots_;
  std::exception_ptr failure_;
};

}  // namespace sim
