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

// Of many timers the objects are cold: while the events of one bucket fire, fetch the actions of
// the bucket after next and what those of the next point at.
void Engine::prefetch() const {
  queue_.visit_coming([this](EventQueue::Slot slot) { __builtin_prefetch(actions_[slot].target); },
                      [this](EventQueue::Slot slot) { __builtin_prefetch(&actions_[slot]); });
}

void Engine::run() {
  fire_until(kNever);
}

void Engine::run_until(Instant end) {
  if (end < now_) throw ModelError{"run_until a time that has passed"};
  fire_until(end);
  if (!stopped_) now_ = end;
}

void Engine::fire_until(Instant end) {
  stopped_ = false;
  while (!stopped_) {
    const EventQueue::Next next = queue_.prepare();
    if (next != EventQueue::Next::ready) {
      if (next == EventQueue::Next::none) return;
      prefetch();
    }
    const Instant time = queue_.next_time();
    if (time > end) return;
    now_ = time;
    const Action action = actions_[queue_.pop()];
    ++executed_;
    action.handler(action.target);
    if (failure_) [[unlikely]]
      std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

}  // namespace sim
