// Processes as coroutines: a request's life reads from top to bottom.
//
//   sim::Process client(sim::Engine& engine, Disk& disk) {
//     co_await engine.delay(5_us);
//     co_await disk.read(4_KiB);      // a Task<> that others may await too
//   }
//   engine.spawn(client(engine, disk));
//
// A coroutine's frame comes from the engine's pool, found through its arguments: one of them must
// be an Engine or have `engine()`; for a member coroutine that may be the object itself. Arguments
// by reference must outlive the coroutine. A lambda's captures die with the lambda: pass arguments.
// Checked tests/sim/process_test.cpp.
#pragma once

#include <coroutine>
#include <deque>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace sim {
namespace detail {

template <class T>
concept LeadsToEngine = requires(T& object) {
  { object.engine() } -> std::same_as<Engine&>;
};

template <class First, class... Rest>
Engine& engine_among(First& first, Rest&... rest) {
  if constexpr (LeadsToEngine<First>) {
    return first.engine();
  } else {
    static_assert(sizeof...(Rest) > 0,
                  "a coroutine needs an argument that is an Engine or has engine()");
    return engine_among(rest...);
  }
}

// A frame is preceded by the pool it goes back to.
struct FrameHeader {
  alignas(std::max_align_t) FramePool* pool;
};

struct PooledFrame {
  template <class... Args>
  static void* operator new(std::size_t bytes, Args&... args) {
    FramePool& pool = engine_among(args...).frames();
    void* memory = pool.allocate(bytes + sizeof(FrameHeader));
    return ::new (memory) FrameHeader{&pool} + 1;
  }
  static void operator delete(void* frame, std::size_t bytes) {
    FrameHeader* header = static_cast<FrameHeader*>(frame) - 1;
    header->pool->release(header, bytes + sizeof(FrameHeader));
  }
};

}  // namespace detail

// A process of its own, started by Engine::spawn. What it throws surfaces from Engine::run.
class Process {
 public:
  struct promise_type : detail::PooledFrame {
    template <class... Args>
    explicit promise_type(Args&... args) : owner{detail::engine_among(args...)} {}
    ~promise_type() {
      if (adopted) owner.disown(position);
    }
    Process get_return_object() {
      return Process{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { owner.fail(std::current_exception()); }

    Engine& owner;
    std::size_t position = 0;
    bool adopted = false;
  };

  Process(Process&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (handle_) handle_.destroy();
  }

 private:
  friend class Engine;
  explicit Process(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
  std::coroutine_handle<promise_type> handle_;
};

// Waits for a time. Lives in the awaiting frame, its event included.
class Delay {
 public:
  Delay(Engine& engine, Duration duration)
      : event_{engine, [](void* self) { static_cast<Delay*>(self)->waiter_.resume(); }, this},
        duration_{duration} {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    event_.after(duration_);
  }
  void await_resume() const noexcept {}

 private:
  Event event_;
  Duration duration_;
  std::coroutine_handle<> waiter_;
};

inline Delay Engine::delay(Duration duration) {
  return Delay{*this, duration};
}

inline void Engine::spawn(Process process) {
  const auto handle = std::exchange(process.handle_, nullptr);
  adopt(handle.address(), &handle.promise().position);
  handle.promise().adopted = true;
  handle.resume();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

// A part of a process, awaited by another coroutine; starts when awaited, gives its value or
// throws its exception there.
template <class T = void>
class Task;

namespace detail {

struct TaskPromiseBase : PooledFrame {
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().waiter;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() { error = std::current_exception(); }
  std::coroutine_handle<> waiter;
  std::exception_ptr error;
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
  std::optional<T> value;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T>
class Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
  Task(Task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return handle_.promise().take();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<TaskPromise<T>>::from_promise(*this)};
}
inline Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<TaskPromise<void>>::from_promise(*this)};
}

// Something that happens once or again; waiters go on in the order in which they came, at the
// instant of the signal and behind what is already due then.
class Signal {
 public:
  explicit Signal(Engine& engine) : wake_{Event::calling<&Signal::resume_all>(engine, *this)} {}

  void fire() {
    if (!waiters_.empty()) wake_.after(Duration::zero());
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { waiters_.push_back(waiter); }
  void await_resume() const noexcept {}

 private:
  void resume_all() {
    // Those who wait again while others go on wait for the next signal.
    for (auto left = waiters_.size(); left > 0; --left) {
      const std::coroutine_handle<> waiter = waiters_.front();
      waiters_.pop_front();
      waiter.resume();
    }
  }
  Event wake_;
  std::deque<std::coroutine_handle<>> waiters_;
};

}  // namespace sim
