#include "models/network/requests.hpp"

namespace models::network {
namespace {

// TCP's least time-out, after which what was lost goes out again.
constexpr sim::Duration kTimeOut{200'000'000'000};  // TCP_RTO_MIN, 200 ms

sim::Process again_after_time_out(sim::Engine& engine, Place place, Batch batch) {
  co_await engine.delay(kTimeOut);
  co_await place.stack->transmit(batch, *place.app);
}

}  // namespace

Requester::Requester(const Place& place, int flow, const RequestConfig& config)
    : Socket{place.station, flow}, place_{place}, config_{config}, inbox_{place.stack->engine()} {}

void Requester::start(Socket& to, sim::Random random) {
  to_ = &to;
  engine().spawn(run(random));
}

sim::Process Requester::run(sim::Random random) {
  Stack& stack = *place_.stack;
  const StackCosts& costs = stack.config().costs;
  for (;;) {
    if (config_.think > sim::Duration::zero()) {
      co_await engine().delay(random.exponential(config_.think));
    }
    const sim::Instant began = engine().now();
    for (int trip = 0; trip < config_.round_trips; ++trip) {
      co_await place_.app->work(stack.time(costs.call) + config_.client_service);
      co_await stack.transmit(Batch{.from = this, .to = to_, .payload = config_.request},
                              *place_.app);
      co_await inbox_.take(place_);
      co_await place_.app->work(stack.time(costs.call));
    }
    const double took = sim::seconds(engine().now() - began);
    latency_.record(took);
    mean_.record(took);
  }
}

sim::Task<> Requester::receive(Batch batch, Thread& softirq) {
  return inbox_.put(batch, softirq, place_);
}

void Requester::lost(const Batch& batch) {
  engine().spawn(again_after_time_out(engine(), place_, batch));
}

void Requester::restart_stats() {
  latency_.clear();
  mean_.clear();
}

Responder::Responder(const Place& place, int flow, const RequestConfig& config, sim::Server* lock)
    : Socket{place.station, flow},
      place_{place},
      config_{config},
      lock_{lock},
      inbox_{place.stack->engine()} {}

void Responder::start() {
  engine().spawn(run());
}

sim::Process Responder::run() {
  Stack& stack = *place_.stack;
  const StackCosts& costs = stack.config().costs;
  Thread& holder = place_.app_now != nullptr ? *place_.app_now : *place_.app;
  for (;;) {
    const Batch request = co_await inbox_.take(place_);
    const sim::Duration own = config_.service - config_.held;
    co_await place_.app->work(stack.time(costs.call * 2) + stack.reading(request, *place_.app) +
                              own);
    if (lock_ != nullptr && config_.held > sim::Duration::zero()) {
      const sim::Server::Held lock = co_await lock_->hold();
      co_await holder.work(config_.held);
    }
    co_await stack.transmit(Batch{.from = this, .to = request.from, .payload = config_.response},
                            *place_.app);
  }
}

sim::Task<> Responder::receive(Batch batch, Thread& softirq) {
  return inbox_.put(batch, softirq, place_);
}

void Responder::lost(const Batch& batch) {
  engine().spawn(again_after_time_out(engine(), place_, batch));
}

}  // namespace models::network
