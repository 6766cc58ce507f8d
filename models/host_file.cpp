#include "models/host_file.hpp"

#include <algorithm>
#include <utility>

#include "models/host_thread.hpp"

namespace models {

HostFile::HostFile(EventLoop& loop, storage::BlockDevice& device, const vmm::BlockCosts& costs,
                   sim::Cycles submit, std::vector<int> pool, bool buffered)
    : loop_{loop},
      device_{device},
      costs_{costs},
      submit_{submit},
      idle_{std::move(pool)},
      slots_{loop.engine(), std::max(1, static_cast<int>(idle_.size()))},
      pooled_{!idle_.empty()},
      buffered_{buffered},
      completed_{loop.engine()} {}

sim::Cycles HostFile::pinning(const storage::Request& request) const {
  constexpr std::int64_t kPage_B = 4'096;
  if (request.operation == storage::Operation::flush) return {};
  return costs_.pin * ((request.size.count() + kPage_B - 1) / kPage_B);
}

void HostFile::start() {
  engine().spawn(reap());
}

sim::Task<> HostFile::serve(storage::Request request) {
  request.synchronous = true;  // the process waits, whatever the guest does (dio_bio_write_op)
  request.direct = true;
  if (pooled_) {
    co_await by_pool(request);
  } else {
    co_await loop_.work(submit_ + pinning(request));
    const sim::Instant submitted = engine().now();
    co_await device_.serve(request);
    count(request, submitted);
  }
  co_await Reaped{*this};
}

void HostFile::count(const storage::Request& request, sim::Instant submitted) {
  if (request.waits == nullptr) return;
  served_s_ += request.waits->requests * sim::seconds(engine().now() - submitted);
}

// A thread of the pool calls the kernel and sleeps in it.
sim::Task<> HostFile::by_pool(storage::Request request) {
  co_await loop_.work(costs_.hand_over);
  const sim::Server::Held slot = co_await slots_.hold();
  const int worker = idle_.back();
  idle_.pop_back();
  if (buffered_) {
    co_await loop_.work_on(worker, costs_.pool);
    HostThread thread{loop_.host(), worker};
    request.by = &thread;
    co_await device_.serve(request);
  } else {
    co_await by_pool_past_cache(worker, request);
  }
  idle_.push_back(worker);
}

sim::Task<> HostFile::by_pool_past_cache(int worker, storage::Request request) {
  co_await loop_.work_on(worker, costs_.pool + submit_ + pinning(request));
  const sim::Instant submitted = engine().now();
  co_await device_.serve(request);
  count(request, submitted);
  co_await loop_.work_on(worker, costs_.interrupt);
}

void HostFile::Reaped::await_suspend(std::coroutine_handle<> waiter) {
  file.done_.push_back(waiter);
  if (file.done_.size() > 1) return;
  file.completed_at_ = file.engine().now();
  file.completed_.fire();
}

sim::Process HostFile::reap() {
  for (;;) {
    if (done_.empty()) co_await completed_;
    const sim::Server::Held turn = co_await loop_.handler();
    loop_.look(completed_at_, costs_.round);
    while (!done_.empty()) {
      const std::coroutine_handle<> waiter = done_.front();
      co_await loop_.work(pooled_ ? costs_.complete : costs_.interrupt + costs_.complete);
      done_.pop_front();
      waiter.resume();
    }
  }
}

}  // namespace models
