#include "sim/engine.hpp"

#include <coroutine>
#include <utility>

#include "sim/error.hpp"
#include "sim/event.hpp"

namespace sim {

Engine::~Engine() {
  end_processes();
}

void Engine::end_processes() {
  // Each takes itself off the list.
  while (!roots_.empty()) {
    const std::size_t before = roots_.size();
    std::coroutine_handle<>::from_address(roots_.back().frame).destroy();
    if (roots_.size() >= before) roots_.pop_back();
  }
}

void Engine::adopt(void* frame, std::size_t* position) {
  *position = roots_.size();
  roots_.push_back({frame, position});
}

void Engine::disown(std::size_t position) {
  roots_[position] = roots_.back();
  *roots_[position].position = position;
  roots_.pop_back();
}

// The next event stands ready. Of many timers the objects are cold: while the events of one bucket
// fire, fetch the actions of the bucket after next and what those of the next point at.
bool Engine::prepare_next() {
  const EventQueue::Next next = queue_.prepare();
  if (next == EventQueue::Next::ready) return true;
  if (next == EventQueue::Next::bucket_opened) {
    queue_.visit_coming(
        [this](EventQueue::Slot slot) { __builtin_prefetch(actions_[slot].target); },
        [this](EventQueue::Slot slot) { __builtin_prefetch(&actions_[slot]); });
  }
  return next != EventQueue::Next::none;
}

void Engine::fire_next(Instant time) {
  now_ = time;
  const EventQueue::Slot slot = queue_.pop();
  ++executed_;
  const Action action = actions_[slot];
  action.handler(action.target);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Engine::run() {
  stopped_ = false;
  while (!stopped_ && prepare_next()) fire_next(queue_.next_time());
}

void Engine::run_until(Instant end) {
  if (end < now_) throw ModelError{"run_until a time that has passed"};
  stopped_ = false;
  while (!stopped_ && prepare_next()) {
    const Instant next = queue_.next_time();
    if (next > end) break;
    fire_next(next);
  }
  if (!stopped_) now_ = end;
}

}  // namespace sim
