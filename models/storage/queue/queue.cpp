#include "models/storage/queue/queue.hpp"

#include <algorithm>
#include <utility>

#include "models/storage/queue/noop.hpp"
#include "sim/error.hpp"

namespace models::storage::queue {

// One that waits for its item; lives in the waiting frame.
struct Waiter {
  Waiter* next = nullptr;
  bool done = false;
  std::coroutine_handle<> handle{};
  bool await_ready() const noexcept { return done; }
  void await_suspend(std::coroutine_handle<> waiting) { handle = waiting; }
  void await_resume() const noexcept {}
};

namespace {

void check(const QueueConfig& config) {
  sim::Complaints complaints;
  complaints.need(config.depth >= 1, "a queue of depth 0, needs at least 1");
  complaints.need(config.nr_requests >= 1, "a queue with nr_requests 0, needs at least 1");
  complaints.need(config.max_size.count() >= 512, "a queue's max_size below a sector");
  complaints.raise();
}

}  // namespace

std::unique_ptr<Policy> make_policy(const QueueConfig& config) {
  switch (config.scheduler) {
    case Scheduler::noop:
      break;
    case Scheduler::deadline:
      return std::make_unique<Deadline>(config.deadline);
    case Scheduler::anticipatory:
      return std::make_unique<Anticipatory>(config.anticipatory);
    case Scheduler::cfq:
      return std::make_unique<Cfq>(config.cfq);
    case Scheduler::bfq:
      return std::make_unique<Bfq>(config.bfq);
  }
  return std::make_unique<Noop>();
}

Queue::Queue(BlockDevice& device, const QueueConfig& config)
    : engine_{device.engine()},
      device_{device},
      config_{(check(config), config)},
      policy_{make_policy(config)},
      synchronous_{engine_, config.nr_requests},
      asynchronous_{engine_, config.nr_requests},
      again_{sim::Event::calling<&Queue::dispatch>(engine_, *this)} {}

sim::Task<> Queue::serve(Request request) {
  if (request.operation == Operation::read) request.synchronous = true;
  if (request.operation == Operation::flush) {
    co_await device_.serve(request);
    co_return;
  }
  ++stats_.requests;
  Waiter waiter;
  if (!merge(request, waiter)) {
    co_await places(request.synchronous).take();
    // A neighbour may have come while this one waited for a place.
    if (merge(request, waiter)) {
      places(request.synchronous).give_back();
    } else {
      insert(request, waiter);
    }
  }
  co_await waiter;
}

bool Queue::merge(const Request& request, Waiter& waiter) {
  if (request.fua) return false;
  for (Item* item : waiting_) {
    const bool behind = item->end() == request.offset;
    const bool in_front = request.offset + request.size == item->offset;
    if (!behind && !in_front) continue;
    if (item->operation != request.operation || item->fua ||
        item->synchronous != request.synchronous || item->size + request.size > config_.max_size ||
        !policy_->may_merge(*item, request))
      continue;
    if (in_front) item->offset = request.offset;
    item->size += request.size;
    waiter.next = item->waiters;
    item->waiters = &waiter;
    ++stats_.merged;
    return true;
  }
  return false;
}

void Queue::insert(const Request& request, Waiter& waiter) {
  Item& item = fresh_item();
  item.operation = request.operation;
  item.offset = request.offset;
  item.size = request.size;
  item.fua = request.fua;
  item.synchronous = request.synchronous;
  item.stream = request.stream;
  item.node = request.node;
  item.arrived = engine_.now();
  item.number = next_number_++;
  item.waiters = &waiter;
  waiting_.push_back(&item);
  policy_->add(item);
  dispatch();
}

Item& Queue::fresh_item() {
  if (unused_.empty()) return items_.emplace_back();
  Item& item = *unused_.back();
  unused_.pop_back();
  return item;
}

void Queue::dispatch() {
  if (dispatching_) return;
  dispatching_ = true;
  again_.cancel();
  while (in_flight_ < config_.depth) {
    Item* item = policy_->next(engine_.now());
    if (item == nullptr) {
      const sim::Instant later = policy_->ask_again();
      if (later != sim::kNever) again_.at(std::max(later, engine_.now()));
      break;
    }
    const auto at = std::find(waiting_.begin(), waiting_.end(), item);
    *at = waiting_.back();
    waiting_.pop_back();
    ++in_flight_;
    ++stats_.dispatched;
    engine_.spawn(run(*this, *item));
  }
  dispatching_ = false;
}

sim::Process Queue::run(Queue& queue, Item& item) {
  co_await queue.device_.serve({.operation = item.operation,
                                .offset = item.offset,
                                .size = item.size,
                                .fua = item.fua,
                                .synchronous = item.synchronous,
                                .stream = item.stream,
                                .node = item.node});
  queue.finish(item);
}

void Queue::finish(Item& item) {
  --in_flight_;
  policy_->completed(item, engine_.now());
  Waiter* waiter = std::exchange(item.waiters, nullptr);
  places(item.synchronous).give_back();
  unused_.push_back(&item);
  dispatch();
  while (waiter != nullptr) {
    Waiter* const next = waiter->next;  // the frame may go with what it resumes
    waiter->done = true;
    if (waiter->handle) waiter->handle.resume();
    waiter = next;
  }
}

}  // namespace models::storage::queue
