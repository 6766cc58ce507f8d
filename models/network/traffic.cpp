#include "models/network/traffic.hpp"

#include <algorithm>

namespace models::network {

sim::Task<> Inbox::put(Batch batch, Thread& softirq, const Place& reader) {
  batches_.push_back(batch);
  if (!asleep_) co_return;
  asleep_ = false;
  const StackConfig& stack = reader.stack->config();
  sim::Cycles waking = stack.costs.wake;
  interrupts_ = reader.wakeups != nullptr ? reader.wakeups->woken_by(softirq) : reader.interrupted;
  if (interrupts_) waking += stack.interrupt_other;
  co_await softirq.work(reader.stack->time(waking));
  reader.app->woken_from(softirq.cpu());
  filled_.fire();
}

sim::Task<Batch> Inbox::take(const Place& reader) {
  bool slept = false;
  while (batches_.empty()) {
    asleep_ = true;
    slept = true;
    if (reader.wakeups != nullptr) reader.wakeups->sleeps();
    co_await filled_;
  }
  const sim::Cycles taken = reader.stack->config().interrupted;
  if (slept && interrupts_ && taken > sim::Cycles{})
    co_await reader.app->work(reader.stack->time(taken));
  const Batch first = batches_.front();
  batches_.pop_front();
  co_return first;
}

namespace {

constexpr double kWindowDivisor = 3.0;  // net.ipv4.tcp_tso_win_divisor

}  // namespace

// --- streams ------------------------------------------------------------------------------------

StreamSender::StreamSender(const Place& place, int flow, const StreamConfig& config)
    : Socket{place.station, flow},
      place_{place},
      config_{config},
      window_B_{static_cast<double>(config.window.count())},
      credit_{place.stack->engine()} {}

void StreamSender::start(Socket& to) {
  to_ = &to;
  engine().spawn(run());
}

sim::Process StreamSender::run() {
  const StackConfig& stack = place_.stack->config();
  const sim::Bytes segment = stack.mtu - headers(Protocol::tcp);
  // Small messages are simulated together until they fill a packet, which is when they leave.
  const std::int64_t calls =
      (segment.count() + config_.message.count() - 1) / config_.message.count();
  const sim::Bytes filled = config_.message * calls;
  const sim::Duration calling = place_.stack->time(stack.costs.call * calls);
  sim::Bytes burst{};
  for (;;) {
    if (config_.content != nullptr) co_await config_.content->pass(filled);
    co_await place_.app->work(calling);
    burst += filled;
    if (gathers(burst, filled)) continue;
    while (under_way_B_ > 0 && static_cast<double>(under_way_B_ + burst.count()) > window_B_) {
      co_await credit_;
    }
    under_way_B_ += burst.count();
    co_await send(burst);
    burst = {};
  }
}

// Whether `next` goes into the burst, too, before it leaves: while earlier ones stand in queues of
// its own machine, or the window has no room for both (tcp_should_autocork, tcp_tso_should_defer).
// At least three bursts make a window.
bool StreamSender::gathers(sim::Bytes burst, sim::Bytes next) const {
  const double both_B = static_cast<double>((burst + next).count());
  const double most_B =
      std::min(static_cast<double>(kLargestBurst.count()), window_B_ / kWindowDivisor);
  if (both_B > most_B) return false;
  return queued_B_ > 0 || static_cast<double>(under_way_B_) + both_B > window_B_;
}

sim::Task<> StreamSender::send(sim::Bytes payload) {
  queued_B_ += payload.count();
  return place_.stack->transmit(Batch{.from = this, .to = to_, .payload = payload}, *place_.app);
}

// An acknowledgement: its tag is how many bytes were read.
sim::Task<> StreamSender::receive(Batch batch, Thread&) {
  const auto acknowledged = static_cast<std::int64_t>(batch.tag);
  under_way_B_ -= acknowledged;
  const double segment = static_cast<double>(kEthernetMtu.count());
  window_B_ = std::min(static_cast<double>(config_.window.count()),
                       window_B_ + segment * static_cast<double>(acknowledged) / window_B_);
  credit_.fire();
  co_return;
}

void StreamSender::lost(const Batch& batch) {
  losses_ += static_cast<std::uint64_t>(batch.packets);
  if (engine().now() >= halved_ + config_.resend_after) {
    halved_ = engine().now();
    window_B_ = std::max(window_B_ / 2.0, static_cast<double>(kLargestBurst.count()));
  }
  engine().spawn(send_again(batch));
}

sim::Process StreamSender::send_again(Batch batch) {
  co_await engine().delay(config_.resend_after);
  co_await send(batch.payload);
}

StreamReceiver::StreamReceiver(const Place& place, int flow, Content* content)
    : Socket{place.station, flow},
      place_{place},
      content_{content},
      inbox_{place.stack->engine()} {}

void StreamReceiver::start() {
  engine().spawn(run());
}

sim::Task<> StreamReceiver::receive(Batch batch, Thread& softirq) {
  return inbox_.put(batch, softirq, place_);
}

sim::Process StreamReceiver::run() {
  Stack& stack = *place_.stack;
  const StackCosts& costs = stack.config().costs;
  for (;;) {
    const Batch batch = co_await inbox_.take(place_);
    co_await place_.app->work(stack.time(costs.call) + stack.reading(batch, *place_.app));
    if (content_ != nullptr) co_await content_->pass(batch.payload);
    read_B_ += batch.payload.count();
    const int acknowledgements = std::max(1, std::min(batch.buffers, batch.packets / 2));
    co_await stack.acknowledge(Batch{.from = this,
                                     .to = batch.from,
                                     .tag = static_cast<std::uint64_t>(batch.payload.count())},
                               acknowledgements, *place_.app);
  }
}

// --- datagrams ----------------------------------------------------------------------------------

DatagramSender::DatagramSender(const Place& place, int flow, const DatagramConfig& config)
    : Socket{place.station, flow}, place_{place}, config_{config} {}

void DatagramSender::start(Socket& to) {
  to_ = &to;
  engine().spawn(run());
}

sim::Process DatagramSender::run() {
  const sim::Duration calling =
      place_.stack->time(place_.stack->config().costs.call * config_.at_once);
  sim::Instant due = engine().now();
  // Senders are not in step: eight phases.
  if (config_.rate_Hz > 0)
    due += sim::from_seconds(config_.at_once / config_.rate_Hz * (flow() % 8) / 8.0);
  for (;;) {
    if (config_.rate_Hz > 0) {
      due += sim::from_seconds(config_.at_once / config_.rate_Hz);
      if (due > engine().now()) co_await engine().delay(due - engine().now());
    }
    if (config_.calls) co_await place_.app->work(calling);
    sent_ += static_cast<std::uint64_t>(config_.at_once);
    const Batch each{
        .from = this, .to = to_, .protocol = Protocol::udp, .payload = config_.payload};
    if (config_.calls) {
      co_await place_.stack->datagrams(each, config_.at_once, *place_.app);
    } else {
      co_await place_.stack->generate(each, config_.at_once, *place_.app);
    }
  }
}

sim::Task<> DatagramSender::receive(Batch, Thread&) {
  co_return;
}

DatagramReceiver::DatagramReceiver(const Place& place, int flow, int backlog)
    : Socket{place.station, flow},
      place_{place},
      backlog_{backlog},
      inbox_{place.stack->engine()} {}

void DatagramReceiver::start() {
  engine().spawn(run());
}

sim::Task<> DatagramReceiver::receive(Batch batch, Thread& softirq) {
  if (waiting_ > 0 && waiting_ + batch.packets > backlog_) {
    traffic_.drop(batch);
    co_return;
  }
  waiting_ += batch.packets;
  co_await inbox_.put(batch, softirq, place_);
}

sim::Process DatagramReceiver::run() {
  Stack& stack = *place_.stack;
  const StackCosts& costs = stack.config().costs;
  for (;;) {
    const Batch batch = co_await inbox_.take(place_);
    co_await place_.app->work(stack.time(costs.call * batch.packets) +
                              stack.reading(batch, *place_.app));
    waiting_ -= batch.packets;
    traffic_.count(batch);
  }
}

}  // namespace models::network
