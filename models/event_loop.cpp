#include "models/event_loop.hpp"

#include "models/running_host.hpp"

namespace models {

sim::Engine& EventLoop::engine() {
  return host_.engine();
}

sim::Task<> EventLoop::work(sim::Duration cpu_time) {
  co_await host_.run(worker_, RunningHost::thread_work(cpu_time), scheduler::kNoCpu);
}

sim::Task<> EventLoop::work_on(int worker, sim::Cycles cycles) {
  co_await host_.run(worker, host_.thread_work(cycles), scheduler::kNoCpu);
}

sim::Task<> EventLoop::look(sim::Instant event, sim::Cycles cycles) {
  if (looked_at_ > event) co_return;
  co_await host_.run(worker_, host_.thread_work(cycles), scheduler::kNoCpu);
  looked_at_ = engine().now();
}

}  // namespace models
