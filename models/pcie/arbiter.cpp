#include "models/pcie/arbiter.hpp"

#include <algorithm>

namespace models::pcie {

Arbiter::Arbiter(sim::Engine& engine, int ports, sim::Duration quantum)
    : engine_{engine},
      quantum_{std::max(quantum, sim::Duration{1})},
      waiting_(static_cast<std::size_t>(ports)),
      turn_ends_{sim::Event::calling<&Arbiter::end_turn>(engine, *this)},
      busy_{engine.now()} {}

void Arbiter::restart_stats() {
  busy_.restart(engine_.now());
}

void Arbiter::enter(Passing& passing) {
  auto& queue = waiting_[static_cast<std::size_t>(passing.port_)];
  if (queue.empty()) ++ports_waiting_;
  queue.push_back(&passing);
  if (!sending_) {
    busy_.change(engine_.now(), 1);
    begin_turn();
    return;
  }
  // A lone sender's turn has no end until another port has something to send.
  const sim::Duration sent = engine_.now() - turn_began_;
  const sim::Instant cut = turn_began_ + (sent / quantum_ + 1) * quantum_;
  if (ports_waiting_ > 1 && cut < turn_ends_.time()) turn_ends_.at(cut);
}

void Arbiter::begin_turn() {
  do {
    at_work_ = (at_work_ + 1) % static_cast<int>(waiting_.size());
  } while (waiting_[static_cast<std::size_t>(at_work_)].empty());
  const sim::Duration left = waiting_[static_cast<std::size_t>(at_work_)].front()->left_;
  sending_ = true;
  turn_began_ = engine_.now();
  turn_ends_.after(ports_waiting_ > 1 ? std::min(left, quantum_) : left);
}

void Arbiter::end_turn() {
  auto& queue = waiting_[static_cast<std::size_t>(at_work_)];
  Passing& passing = *queue.front();
  passing.left_ -= engine_.now() - turn_began_;
  const bool done = passing.left_ <= sim::Duration::zero();
  if (done) {
    queue.pop_front();
    if (queue.empty()) --ports_waiting_;
  }
  if (ports_waiting_ > 0) {
    begin_turn();
  } else {
    sending_ = false;
    busy_.change(engine_.now(), 0);
  }
  if (done) passing.waiter_.resume();
}

}  // namespace models::pcie
