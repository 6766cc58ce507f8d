#include "models/event_loop.hpp"

#include <utility>

namespace models {

EventLoop::Work::Work(EventLoop& loop, sim::Cycles cycles)
    : loop_{loop},
      run_{loop.host_.run(loop.worker_, loop.host_.thread_work(cycles + loop.look_),
                          scheduler::kNoCpu)},
      after_look_{loop.look_.count() > 0 ? RunningHost::thread_time(loop.host_.thread_work(cycles))
                                         : sim::Duration{-1}} {
  loop.look_ = {};
}

void EventLoop::Work::await_resume() const {
  if (after_look_ >= sim::Duration::zero()) loop_.looked_at_ = loop_.engine().now() - after_look_;
}

RunningHost::Run EventLoop::work_on(int worker, sim::Cycles cycles) {
  return host_.run(worker, host_.thread_work(cycles), scheduler::kNoCpu);
}

}  // namespace models
