#include "models/network/receive_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::network {
namespace {

constexpr int kRestarts = 10;              // MAX_SOFTIRQ_RESTART
constexpr sim::Duration kReturn{500'000};  // from interrupts on to the look for softirqs [recall]
constexpr sim::Duration kTurn{1'000'000};  // 1 us: schedule() to ksoftirqd [recall]
constexpr sim::Duration kLook{1'000};      // to find out who waits, when it has been paid

}  // namespace

ReceiveQueue::ReceiveQueue(sim::Engine& engine, const ReceiveConfig& config, Thread& softirq,
                           Port& up)
    : engine_{engine},
      config_{config},
      softirq_{softirq},
      up_{up},
      moderation_{engine, config.moderation,
                  [](void* self) { static_cast<ReceiveQueue*>(self)->interrupt(); }, this},
      interrupted_{engine},
      drained_{engine} {
  sim::Complaints complaints;
  complaints.need(config.descriptors >= 1,
                  fmt::format("rx_ring = {}, needs at least 1", config.descriptors));
  complaints.need(config.budget >= 1, fmt::format("budget = {}, needs at least 1", config.budget));
  complaints.need(config.gro_packets >= 1,
                  fmt::format("gro_packets = {}, needs at least 1", config.gro_packets));
  complaints.raise();
  engine_.spawn(poll());
}

void ReceiveQueue::interrupt() {
  interrupted_.fire();
}

void ReceiveQueue::arrive(const Batch& batch) {
  Batch taken = batch;
  const int room = config_.descriptors - used_;
  if (used_ > 0 && batch.packets > room) {
    if (room <= 0) {
      traffic_.drop(batch);
      return;
    }
    Batch rest = batch;
    taken = split(rest, room);
    traffic_.drop(rest);
  }
  traffic_.count(taken);
  used_ += taken.packets;
  ring_.push_back(taken);
  moderation_.arrived(taken.packets, in_memory(taken));
}

// Until the others of its CPU have run for as long as it has, or have nothing to do.
sim::Task<> ReceiveQueue::give_way(sim::Duration ran) {
  sim::Duration others{};
  for (sim::Duration turn = kTurn; others < ran && softirq_.defer(); turn = kLook) {
    const sim::Instant asked = engine_.now();
    co_await softirq_.work(turn);
    const sim::Duration waited = engine_.now() - asked - turn;
    if (waited <= turn) co_return;
    others += waited;
  }
}

sim::Process ReceiveQueue::poll() {
  const DriverCosts& costs = config_.costs;
  int left = config_.all_budget;
  int restarts = kRestarts;
  sim::Instant began{};
  sim::Instant ended{-kReturn};
  const auto begin = [&] {
    left = config_.all_budget;
    restarts = kRestarts;
    began = engine_.now();
  };
  for (;;) {
    co_await interrupted_;
    const bool again = engine_.now() - ended < kReturn;
    softirq_.owe_exits(config_.exits, config_.exit_cycles);
    co_await softirq_.work(costs.interrupt / config_.clock);
    if (!again) begin();
    if (again && --restarts == 0) {
      co_await give_way(engine_.now() - began);
      begin();
    }
    while (!ring_.empty()) {
      if (left <= 0) {
        co_await give_way(engine_.now() - began);
        begin();
      }
      const Batch all = collect();
      left -= all.packets;
      co_await softirq_.work((costs.poll + cycles(costs.receive, all)) / config_.clock + looking_);
      used_ -= all.packets;
      drained_.fire();
      while (!round_.empty()) {
        const Batch batch = round_.front();
        round_.pop_front();
        co_await up_.send(batch, softirq_);
      }
    }
    ended = engine_.now();
    moderation_.unmask(0);
  }
}

// Bare acknowledgements and datagrams stay apart.
bool ReceiveQueue::merges(const Batch& batch) const {
  return config_.gro_packets > 1 && batch.protocol == Protocol::tcp && batch.payload > sim::Bytes{};
}

// A round's packets, merged by flow in `round_`; returns their sums.
Batch ReceiveQueue::collect() {
  Batch all{.packets = 0, .buffers = 0};
  looking_ = {};
  while (!ring_.empty() && all.packets < config_.budget) {
    const Batch next = ring_.front();
    ring_.pop_front();
    all.packets += next.packets;
    all.payload += next.payload;
    looking_ += config_.distance.look(softirq_.cpu(), next.where, next.buffers);
    const auto same = std::find_if(round_.begin(), round_.end(), [&](const Batch& earlier) {
      return merges(earlier) && merges(next) && earlier.to == next.to && earlier.from == next.from;
    });
    if (same == round_.end()) {
      round_.push_back(next);
      continue;
    }
    same->packets += next.packets;
    same->payload += next.payload;
    same->buffers += next.buffers;
  }
  for (Batch& batch : round_) {
    if (merges(batch)) {
      batch.buffers =
          std::min(batch.buffers, (batch.packets + config_.gro_packets - 1) / config_.gro_packets);
    }
    all.buffers += batch.buffers;
  }
  return all;
}

}  // namespace models::network
