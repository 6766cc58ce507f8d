// A queue in front of one or several alike servers, first come first served.
//
//   co_await disk.serve(5_ms);                 // waits for a server, holds it for 5 ms
//   Server::Held lock = co_await mutex.hold(); // waits for a server, holds it until `lock` goes
//
// Who is served next is settled before the one that leaves goes on, so that coming back means
// queueing behind all others. Awaitables live in the awaiting frame: no allocation.
// Checked tests/sim/server_test.cpp, tests/sim/theory (M/M/1, M/D/1, M/M/c, Little's law).
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/tally.hpp"

namespace sim {

class Server {
 public:
  struct Stats {
    TimeWeighted queue;  // those that wait
    TimeWeighted busy;   // servers at work
    Tally waiting_s;     // before service, of each that began it
  };
  class Service;
  class Holding;
  class Held;

  explicit Server(Engine& engine, int servers = 1);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Service serve(Duration work);
  Holding hold();

  Engine& engine() { return engine_; }
  const Stats& stats() const { return stats_; }
  void restart_stats();  // forgets a warm-up

 private:
  // One that waits or is served.
  struct Request {
    Server& server;
    void (*begin)(Request&);  // a server is its own from here on
    Instant arrived{};
    Request* next = nullptr;
  };
  void enter(Request& request);
  void begin(Request& request);
  void leave();

  Engine& engine_;
  int servers_;
  int busy_ = 0;
  Request* first_ = nullptr;
  Request* last_ = nullptr;
  Stats stats_;
};

class Server::Service : private Request {
 public:
  Service(Server& owner, Duration work)
      : Request{owner, &Service::start, {}, nullptr},
        work_{work},
        done_{Event::calling<&Service::finish>(owner.engine_, *this)} {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    server.enter(*this);
  }
  void await_resume() const noexcept {}

 private:
  friend class Server;
  static void start(Request& request) {
    auto& self = static_cast<Service&>(request);
    self.done_.after(self.work_);
  }
  void finish() {
    server.leave();
    waiter_.resume();
  }
  Duration work_;
  Event done_;
  std::coroutine_handle<> waiter_;
};

// A server in one's hands; goes back when this does.
class Server::Held {
 public:
  explicit Held(Server& server) : server_{&server} {}
  Held(Held&& other) noexcept : server_{std::exchange(other.server_, nullptr)} {}
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (server_ != nullptr) server_->leave();
  }

 private:
  Server* server_;
};

class Server::Holding : private Request {
 public:
  explicit Holding(Server& owner)
      : Request{owner, &Holding::start, {}, nullptr},
        granted_{Event::calling<&Holding::grant>(owner.engine_, *this)} {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    server.enter(*this);
  }
  Held await_resume() const noexcept { return Held{server}; }

 private:
  // Goes on behind what is due at this instant: not inside the destructor of another's Held.
  static void start(Request& request) {
    static_cast<Holding&>(request).granted_.after(Duration::zero());
  }
  void grant() { waiter_.resume(); }
  Event granted_;
  std::coroutine_handle<> waiter_;
};

inline Server::Service Server::serve(Duration work) {
  return Service{*this, work};
}
inline Server::Holding Server::hold() {
  return Holding{*this};
}

}  // namespace sim
