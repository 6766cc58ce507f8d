// Requests that come to a VM whether or not it keeps up, as those of its users do: an open queue.
// Each is a burst of work for a vCPU that is idle, any of them, else it waits for the next to be
// done, first come first served.
//
// Part of the composition root (running_host.hpp).
//
// Models  Poisson or evenly spaced arrivals; the VM's emulator thread hands each over; a request's
//         time from when it came, waits for the emulator, a vCPU and that vCPU's CPU included.
// Omits   requests that share a vCPU in turn: each is served to its end; limits of the queue.
// Checked tests/models/open_requests_test.cpp (M/M/1, M/D/1, M/M/c).
#pragma once

#include <coroutine>
#include <deque>
#include <optional>
#include <vector>

#include "models/scheduler/scheduler.hpp"
#include "sim/event.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/units.hpp"

namespace models {

class RunningHost;
struct Results;
struct VmKind;

class OpenRequests {
 public:
  struct Request {
    sim::Instant came{};
    scheduler::CpuId handed_over_on = scheduler::kNoCpu;
  };

  // Of the VM of that index, whose vCPUs are there. Both outlive it.
  OpenRequests(RunningHost& host, int vm);

  // For a vCPU: the next request; nothing if there was none by `until`. They begin to come when
  // this is first asked for.
  struct Next {
    OpenRequests& requests;
    int worker;
    sim::Instant until;
    bool await_ready() { return requests.take(worker); }
    void await_suspend(std::coroutine_handle<> waiter) { requests.wait(worker, until, waiter); }
    std::optional<Request> await_resume() { return requests.taken(worker); }
  };
  Next next(int worker, sim::Instant until) { return {*this, worker, until}; }
  sim::Engine& engine();
  std::size_t waiting() const { return waiting_.size(); }
  void begin_measuring();
  // Of a class: those that wait in the end, and whether they grow more and more.
  static void report(const RunningHost& host, const VmKind& kind, Results& results);

 private:
  struct Server {  // a vCPU
    explicit Server(sim::Engine& engine)
        : timeout{sim::Event::calling<&Server::give_up>(engine, *this)} {}
    void give_up();
    std::optional<Request> has;
    std::coroutine_handle<> waiter;  // null: it is at work
    sim::Event timeout;
  };
  bool take(int worker);
  void wait(int worker, sim::Instant until, std::coroutine_handle<> waiter);
  std::optional<Request> taken(int worker);
  sim::Process come();
  sim::Process hand_over(sim::Instant came);
  void serve(Request request);
  Server& server(int worker);

  RunningHost& host_;
  int vm_;
  sim::Random random_;
  bool coming_ = false;
  std::size_t came_ = 0;        // since measuring began
  std::size_t waited_ = 0;      // when it did
  std::deque<Server> servers_;  // [vCPU]
  std::deque<Request> waiting_;
};

}  // namespace models
