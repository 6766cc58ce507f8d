// Tasks that run side by side, and a wait for all of them.
//
//   Join writes{engine};
//   for (BlockDevice* disk : disks) writes.add(disk->serve(request));
//   co_await writes.all();
//
// A task begins when it is added, with what its caller's instant allows; what it throws surfaces
// from Engine::run. A Join must outlive its tasks: wait for all before it goes.
// Checked tests/sim/join_test.cpp.
#pragma once

#include <coroutine>
#include <utility>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/process.hpp"

namespace sim {

class Join {
 public:
  struct All {
    Join& join;
    bool await_ready() const noexcept { return join.under_way_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) { join.waiter_ = waiter; }
    void await_resume() const noexcept {}
  };

  explicit Join(Engine& engine)
      : engine_{engine},
        done_{engine, [](void* self) { static_cast<Join*>(self)->waiter_.resume(); }, this} {}
  Join(const Join&) = delete;
  Join& operator=(const Join&) = delete;

  void add(Task<> task) {
    ++under_way_;
    engine_.spawn(follow(engine_, std::move(task), *this));
  }
  All all() { return All{*this}; }
  int under_way() const { return under_way_; }

 private:
  static Process follow(Engine&, Task<> task, Join& join) {
    co_await task;
    join.one_done();
  }
  void one_done() {
    --under_way_;
    // Behind what is due now: whoever waits may end this object.
    if (under_way_ == 0 && waiter_) done_.after(Duration::zero());
  }

  Engine& engine_;
  int under_way_ = 0;
  std::coroutine_handle<> waiter_;
  Event done_;
};

}  // namespace sim
