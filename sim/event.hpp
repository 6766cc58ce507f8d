// An event: an object that knows its handler, scheduled any number of times, pending at most once.
#pragma once

#include "sim/engine.hpp"
#include "sim/error.hpp"
#include "sim/units.hpp"

namespace sim {

class Event {
 public:
  using Handler = void (*)(void*);

  Event(Engine& engine, Handler handler, void* target)
      : engine_{engine}, slot_{engine.queue_.acquire()} {
    if (engine.actions_.size() <= slot_) engine.actions_.resize(slot_ + std::size_t{1});
    engine.actions_[slot_] = {handler, target};
  }
  // Calls `target.Method()` when it fires: Event e = Event::calling<&Cpu::tick>(engine, *this).
  template <auto Method, class Target>
  static Event calling(Engine& engine, Target& target) {
    return Event{engine, [](void* object) { (static_cast<Target*>(object)->*Method)(); }, &target};
  }
  ~Event() { engine_.queue_.release(slot_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Schedules, or reschedules when pending; behind all events of the same time. Throws ModelError
  // for a time before now().
  void at(Instant time) {
    if (time < engine_.now_) throw ModelError{"event scheduled in the past"};
    engine_.queue_.schedule(slot_, time);
  }
  // Negative durations throw; one beyond the end of the clock never fires.
  void after(Duration duration) {
    const Instant now = engine_.now_;
    at(duration > kNever - now ? kNever : now + duration);
  }
  void cancel() { engine_.queue_.cancel(slot_); }
  bool pending() const { return engine_.queue_.pending(slot_); }
  Instant time() const { return engine_.queue_.time(slot_); }  // requires pending()

 private:
  friend class Engine;
  Engine& engine_;
  EventQueue::Slot slot_;
};

}  // namespace sim
