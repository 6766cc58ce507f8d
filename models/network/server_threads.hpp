// The threads of a server in a guest, as the guest's kernel places them on its vCPUs.
//
// Models  a thread that is woken goes to the vCPU that wakes it, unless more wait there than on its
//         own; one thread of a vCPU at a time, until it sleeps; a vCPU that has been idle for long
//         enough at a time pulls a thread that waits when it runs out of them, each in its turn
//         when it sleeps.
// Omits   preemption (a request takes less than a slice), weights, vCPUs that share a cache.
// Source  Linux 3.11 kernel/sched/fair.c: wake_affine (`sync`, as sockets ask for it in softirqs
//         too), select_idle_sibling, idle_balance, nohz_idle_balance, task_hot. QEMU before 2.8
//         shows vCPUs no cache that they share (commit 14c985cffa6c), so that a kernel looks for an
//         idle one among none but the waker's and the thread's last.
// Checked tests/models/network/server_threads_test.cpp.
#pragma once

#include <deque>
#include <vector>

#include "models/network/traffic.hpp"
#include "sim/process.hpp"

namespace models::network {

class ServerThreads {
 public:
  // `vcpus`: a thread's work on each; `softirqs`: whose wake-ups come from it.
  ServerThreads(sim::Engine& engine, std::vector<Thread*> vcpus, std::vector<Thread*> softirqs);
  ServerThreads(const ServerThreads&) = delete;
  ServerThreads& operator=(const ServerThreads&) = delete;

  sim::Engine& engine() { return engine_; }
  struct One;
  // A thread that last ran on the vCPU.
  One& add(int vcpu);

  struct One : Thread, Wakeups {
    One(ServerThreads& owner, int last) : all{owner}, vcpu{last}, granted{owner.engine_} {}
    sim::Engine& engine() { return all.engine_; }
    sim::Task<> work(sim::Duration cpu_time) override;
    void owe_exits(int count, sim::Cycles cycles) override;
    int cpu() const override;
    bool woken_by(const Thread& waker) override;
    void sleeps() override;
    ServerThreads& all;
    int vcpu;
    bool runnable = false;
    bool running = false;
    sim::Instant ran{-sim::Duration{1'000'000'000'000}};  // last
    sim::Signal granted;
  };

 private:
  struct Vcpu {
    Thread* work;
    Thread* softirq;
    One* current = nullptr;
    std::deque<One*> waiting{};
    sim::Instant idle_since{};
    double idle_us = 1'000.0;  // average, as the kernel starts it
    int threads() const { return static_cast<int>(waiting.size()) + (current != nullptr ? 1 : 0); }
  };
  void join(One& thread, int vcpu);
  void grant(Vcpu& vcpu, One& thread);
  bool pull(Vcpu& to);
  sim::Process balance();

  sim::Engine& engine_;
  std::vector<Vcpu> vcpus_;
  std::deque<One> threads_;
};

}  // namespace models::network
