// A guest's spinlock, whose holder or next waiter may have lost its CPU.
//
// Models  ticket and queued locks in turn; test and set; paravirtual queued locks: a waiter sleeps
//         after a while, or early behind one that sleeps; the lock is free for who comes while the
//         head of its queue has no CPU; interrupts that are off until it is released.
// Source  Linux 5.2 kernel/locking/qspinlock_paravirt.h (pv_wait_node, pv_wait_early,
//         pv_hybrid_queued_unfair_trylock, __pv_queued_spin_unlock_slowpath); the early wait behind
//         a waiter without a CPU: 75437bb304b2 (4.10), reverted by 89340d0935c9 (5.4); flushes that
//         wait for waiters: K. Ishiguro on kvm, 6 January 2025.
// Checked tests/models/guest_locks_test.cpp; validation subsystem locks.
#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

bool RunningHost::Acquire::await_ready() {
  Vm& vm = host.vms_[at(host.workers_[at(worker)].vm)];
  if (vm.lock_holder >= 0 && !host.description_.without.contains(Mechanism::locks)) return false;
  vm.lock_holder = worker;
  host.look_again(vm);
  return true;
}

// Who comes to a paravirtual lock whose head of the queue sleeps does not queue: it tries.
void RunningHost::Acquire::await_suspend(std::coroutine_handle<> waiter) {
  Worker& self = host.workers_[at(worker)];
  Vm& vm = host.vms_[at(self.vm)];
  const KvmFeatures& features = vm.description->kvm_features;
  const bool tries = features.pv_unhalt && !vm.lock_waiters.empty() && !host.head_waits(vm);
  (tries ? vm.lock_thieves : vm.lock_waiters).push_back(worker);
  self.wants_lock = true;
  self.lost_as_head = false;
  self.spin_left_s = tries ? std::numeric_limits<double>::infinity() : sim::seconds(features.spin);
  host.spin(self, waiter);
}

// The pending bit: the head of the queue spins, or has lost its CPU while it did.
bool RunningHost::head_waits(const Vm& vm) const {
  if (vm.lock_waiters.empty()) return false;
  const Worker& head = workers_[at(vm.lock_waiters.front())];
  return head.lost_as_head || (head.progress.state() == guest::Progress::State::running &&
                               head.progress.owed() == sim::Duration::zero());
}

// A queued lock goes to whom it is due, with or without a CPU; an unfair one to nobody without. A
// paravirtual one goes to the head of the queue if that is at it; else it is free for who comes
// (hybrid lock), and a head that sleeps is kicked.
void RunningHost::release_lock(int worker) {
  Worker& self = workers_[at(worker)];
  Vm& vm = vms_[at(self.vm)];
  if (vm.lock_holder != worker) return;  // locks cost nothing
  vm.lock_holder = -1;
  answer_flushes(self);
  const KvmFeatures& features = vm.description->kvm_features;
  std::vector<int>& waiters = vm.lock_waiters;
  const auto spins = [&](int id) {
    const guest::Progress& progress = workers_[at(id)].progress;
    return progress.state() == guest::Progress::State::running &&
           progress.owed() == sim::Duration::zero();
  };
  const auto first = [&](const std::vector<int>& of) {
    const auto found = std::find_if(of.begin(), of.end(), spins);
    return found == of.end() ? -1 : *found;
  };
  int next = waiters.empty() ? -1 : waiters.front();
  if (features.pv_unhalt && next >= 0 && !spins(next)) {
    kick(self, workers_[at(next)]);
    next = -1;
  }
  if (features.pv_unhalt && next < 0 && !head_waits(vm)) next = first(vm.lock_thieves);
  if (!features.pv_unhalt && !features.fair_locks) next = first(waiters);
  if (next < 0) return look_again(vm);  // who is back first takes it
  take_lock(workers_[at(next)]);
}

// The head of the queue, if it sleeps.
void RunningHost::kick(Worker& self, Worker& head) {
  using State = guest::Progress::State;
  const State state = head.progress.state();
  if ((state != State::halted && state != State::polling) || head.dead) return;
  owe_exit(self, cycles_of(vmm::ExitKind::hypercall));
  head.lost_as_head = false;
  head.spin_left_s = sim::seconds(vms_[at(head.vm)].description->kvm_features.spin);
  head.poll.learn(engine_.now() - std::exchange(head.halted_at, sim::Instant{}));
  book(head);
  if (head.polling) return stop_polling(head);
  head.waiting_since = head.busy_since = engine_.now();
  head.progress.become(State::runnable);
  head.woken = true;
  scheduler_->wake(head.thread, scheduler::kNoCpu);
}

void RunningHost::sleep_for_lock(Worker& worker) {
  worker.halted_at = engine_.now();
  ++worker.exits;
  if (may_poll(worker)) {
    worker.polling = true;
    worker.progress.become(guest::Progress::State::polling);
    leave_cpu(worker, scheduler_->cpu_of(worker.thread));
    settle_later();
    worker.done.after(worker.poll.window());
  } else {
    worker.progress.become(guest::Progress::State::halted);
    scheduler_->block(worker.thread);
  }
  tell_next(worker);
}

// A waiter that is in its guest, and finds the lock free; of a paravirtual queue the head, and
// others if that sleeps.
bool RunningHost::may_take_lock(const Worker& worker) const {
  const Vm& vm = vms_[at(worker.vm)];
  if (!worker.wants_lock || vm.lock_holder >= 0) return false;
  if (!vm.description->kvm_features.pv_unhalt) return true;
  const int id = worker_of_thread_[at(worker.thread)];
  const bool queued =
      std::find(vm.lock_waiters.begin(), vm.lock_waiters.end(), id) != vm.lock_waiters.end();
  return queued ? vm.lock_waiters.front() == id : !head_waits(vm);
}

void RunningHost::take_lock(Worker& worker) {
  Vm& vm = vms_[at(worker.vm)];
  vm.lock_holder = worker_of_thread_[at(worker.thread)];
  std::erase(vm.lock_waiters, vm.lock_holder);
  std::erase(vm.lock_thieves, vm.lock_holder);
  grant(worker);
  look_again(vm);
}

// The lock has been taken or become free: waiters on their way to it may or may no longer take it.
void RunningHost::look_again(const Vm& vm) {
  const auto look = [&](int id) {
    Worker& waiter = workers_[at(id)];
    if (waiter.progress.state() != guest::Progress::State::running ||
        waiter.progress.owed() == sim::Duration::zero())
      return;
    waiter.done.cancel();
    arm(waiter);
  };
  const bool one = vm.description->kvm_features.pv_unhalt && !vm.lock_waiters.empty();
  if (one) look(vm.lock_waiters.front());
  if (!one) std::for_each(vm.lock_waiters.begin(), vm.lock_waiters.end(), look);
  std::for_each(vm.lock_thieves.begin(), vm.lock_thieves.end(), look);
}

// It holds or waits for a lock that is taken with interrupts off.
bool RunningHost::masks_interrupts(const Worker& worker) const {
  const Vm& vm = vms_[at(worker.vm)];
  return vm.description->workload.sync.lock_masks_interrupts &&
         (worker.wants_lock || vm.lock_holder == worker_of_thread_[at(worker.thread)]);
}

// pv_wait_early: behind a waiter that sleeps, or, in kernels 4.10 to 5.3, has lost its CPU.
bool RunningHost::waits_early(const Worker& worker) const {
  const Vm& vm = vms_[at(worker.vm)];
  const int id = worker_of_thread_[at(worker.thread)];
  const auto own = std::find(vm.lock_waiters.begin(), vm.lock_waiters.end(), id);
  if (own == vm.lock_waiters.begin() || own == vm.lock_waiters.end()) return false;
  const auto state = workers_[at(*std::prev(own))].progress.state();
  return state == guest::Progress::State::halted || state == guest::Progress::State::polling ||
         (vm.description->kvm_features.pv_wait_preempted &&
          state == guest::Progress::State::runnable);
}

// Who waits behind it for the lock may now wait early.
void RunningHost::tell_next(const Worker& worker) {
  const std::vector<int>& waiters = vms_[at(worker.vm)].lock_waiters;
  const auto own = std::find(waiters.begin(), waiters.end(), worker_of_thread_[at(worker.thread)]);
  if (own == waiters.end() || std::next(own) == waiters.end()) return;
  Worker& next = workers_[at(*std::next(own))];
  if (next.progress.state() != guest::Progress::State::running) return;
  next.done.cancel();
  arm(next);
}

}  // namespace models
