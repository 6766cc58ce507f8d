// A guest's spinlock, whose holder or next waiter may have lost its CPU.
//
// Part of the composition root (running_host.hpp).
//
// Models  ticket and queued locks in turn; test and set; paravirtual queued locks: a queue whose
//         waiters sleep after a while, or early behind one that sleeps; a lock that is free for who
//         comes while nobody at the head of the queue is at it; kicks by who releases it;
//         interrupts that are off meanwhile; lines that come from the core that held it before.
// Omits   interrupts to waiters that sleep with interrupts on; locks that sleep without spinning.
// Source  Linux 5.2 kernel/locking/qspinlock.c and qspinlock_paravirt.h (pv_wait_node,
//         pv_wait_early, pv_kick_node, pv_wait_head_or_lock, pv_hybrid_queued_unfair_trylock);
//         arch/x86/kernel/kvm.c (kvm_wait: HLT with interrupts as they are). The early wait behind
//         a waiter without a CPU: 75437bb304b2 (4.10), reverted by 89340d0935c9 (5.4).
// Checked tests/models/guest_locks_test.cpp; validation subsystem locks.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace models {

class RunningHost;
struct Worker;

class GuestLocks {
 public:
  explicit GuestLocks(RunningHost& host);  // its VMs are there

  struct Taken {
    GuestLocks& locks;
    int worker;
    bool await_ready() { return locks.take_at_once(worker); }
    void await_suspend(std::coroutine_handle<> waiter) { locks.wait(worker, waiter); }
    void await_resume() const noexcept {}
  };
  Taken take(int worker) { return {*this, worker}; }
  void release(int worker);

  bool waits(int worker) const { return waiters_[index(worker)].as != Wait::none; }
  bool holds(int worker) const;
  bool masks_interrupts(int worker) const;  // flushes wait until it has released the lock
  double limit_s(int worker) const;         // how long it spins until it does something
  bool spun(int worker);                    // so long; false: until a pause-loop exit
  void lost_cpu(int worker);
  std::uint64_t sleeps(int worker) const { return waiters_[index(worker)].sleeps; }
  void begin_measuring();

 private:
  // stealing: not in the queue; it tries as long as nobody at its head does.
  enum class Wait { none, queued, stealing };
  struct Waiter {
    Wait as = Wait::none;
    bool inside = false;  // executes its loop
    bool asleep = false;  // until it is kicked
    bool slept = false;   // and has not been in its guest since (vcpu_halted, vcpu_hashed)
    bool hashed = false;  // at the head, known to who releases the lock: sleeps no more
    double looped_s = 0.0;
    double to_exit_s = 0.0;  // pause-loop exit
    sim::Instant since{};    // time that is not in these
    std::uint64_t sleeps = 0;
  };
  struct Lock {
    int holder = -1;
    int last_cpu = -1;
    bool pending = false;  // the head of the queue is at it: nobody steals
    bool slow = false;     // who releases it kicks the head
    bool paravirtual = false;
    std::vector<int> queue, thieves;
  };
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  bool take_at_once(int worker);
  void wait(int worker, std::coroutine_handle<> waiter);
  void own(int worker);
  void hold(int worker);
  void queue_up(Lock& lock, int worker);
  void come_to_head(Lock& lock);
  void stop_stealing(Lock& lock);
  bool sleeps_early(int worker) const;
  void sleep(int worker);
  void kick(int worker, int head);
  bool arrive(int worker);
  void loop(Waiter& waiter) const;  // counts the time in its loop up to now
  void tell_next(int worker);
  void again(int worker);  // what it waits for has changed
  double loops_s(double loops) const;
  Lock& lock_of(int worker);
  const Lock& lock_of(int worker) const;

  RunningHost& host_;
  std::vector<Lock> locks_;      // [vm]
  std::vector<Waiter> waiters_;  // [worker]
};

}  // namespace models
