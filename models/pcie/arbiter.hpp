// Lanes that several cards share: whoever has something to send takes turns, packet by packet.
//
// Turns are of `quantum`, coarser than packets; what a card sends goes in the order that it came.
// Models  round robin between ports (PCI Express 2.5 GT/s and on: VC arbitration's default).
// Checked tests/models/pcie/arbiter_test.cpp.
#pragma once

#include <coroutine>
#include <deque>
#include <vector>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/tally.hpp"

namespace models::pcie {

class Arbiter {
 public:
  class Passing;

  Arbiter(sim::Engine& engine, int ports, sim::Duration quantum);
  Arbiter(const Arbiter&) = delete;
  Arbiter& operator=(const Arbiter&) = delete;

  // co_await: `work` of the lanes' time for what `port` sends.
  Passing pass(int port, sim::Duration work);

  void restart_stats();  // forgets a warm-up
  double busy() const { return busy_.average(engine_.now()); }

 private:
  void enter(Passing& passing);
  void begin_turn();
  void end_turn();

  sim::Engine& engine_;
  sim::Duration quantum_;
  std::vector<std::deque<Passing*>> waiting_;  // [port], the one at work in front
  int at_work_ = 0;                            // port whose turn it is or was
  int ports_waiting_ = 0;                      // with anything to send
  bool sending_ = false;
  sim::Instant turn_began_{};
  sim::Event turn_ends_;
  sim::TimeWeighted busy_;
};

class Arbiter::Passing {
 public:
  Passing(Arbiter& arbiter, int port, sim::Duration work)
      : arbiter_{arbiter}, port_{port}, left_{work} {}
  bool await_ready() const noexcept { return left_ <= sim::Duration::zero(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    arbiter_.enter(*this);
  }
  void await_resume() const noexcept {}

 private:
  friend class Arbiter;
  Arbiter& arbiter_;
  int port_;
  sim::Duration left_;
  std::coroutine_handle<> waiter_;
};

inline Arbiter::Passing Arbiter::pass(int port, sim::Duration work) {
  return {*this, port, work};
}

}  // namespace models::pcie
