#include "models/guest_locks.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "models/compute/dirty_lines.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

using State = guest::Progress::State;

constexpr double kSpin = 32'768.0;      // SPIN_THRESHOLD, 1 << 15 (arch/x86 spinlock.h)
constexpr double kLookEvery = 256.0;    // PV_PREV_CHECK_MASK + 1
constexpr double kLoop_cycles = 5.0;    // of a loop beside its PAUSE: load, test, count [recall]
constexpr double kRounding_s = 0.1e-9;  // of its time

}  // namespace

GuestLocks::GuestLocks(RunningHost& host)
    : host_{host}, locks_(host.vms_.size()), waiters_(host.workers_.size()) {
  const bool off = host.description_.without.contains(Mechanism::paravirtual_locks);
  for (std::size_t vm = 0; vm < locks_.size(); ++vm)
    locks_[vm].paravirtual = !off && host.vms_[vm].description->kvm_features.pv_unhalt;
}

GuestLocks::Lock& GuestLocks::lock_of(int worker) {
  return locks_[index(host_.workers_[index(worker)].vm)];
}

const GuestLocks::Lock& GuestLocks::lock_of(int worker) const {
  return locks_[index(host_.workers_[index(worker)].vm)];
}

bool GuestLocks::holds(int worker) const {
  return lock_of(worker).holder == worker;
}

bool GuestLocks::masks_interrupts(int worker) const {
  const RunningVm& vm = host_.vms_[index(host_.workers_[index(worker)].vm)];
  return vm.description->workload.sync.lock_masks_interrupts && (waits(worker) || holds(worker));
}

double GuestLocks::loops_s(double loops) const {
  const topology::Description& hardware = host_.topology_.description();
  return loops * (static_cast<double>(hardware.pause.count()) + kLoop_cycles) /
         hardware.frequency.count();
}

// --- who has it ---------------------------------------------------------------------------------

bool GuestLocks::take_at_once(int worker) {
  if (host_.description_.without.contains(Mechanism::locks)) return true;
  Lock& lock = lock_of(worker);
  if (lock.holder >= 0 || lock.pending) return false;
  own(worker);
  return true;
}

// Its word and what it protects come from the core that held it last.
void GuestLocks::own(int worker) {
  Worker& self = host_.workers_[index(worker)];
  Lock& lock = lock_of(worker);
  lock.holder = worker;
  const int cpu = host_.scheduler_->cpu_of(self.thread);
  const int from = std::exchange(lock.last_cpu, cpu);
  const int lines = host_.vms_[index(self.vm)].description->workload.sync.lock_lines;
  if (lines == 0 || from < 0 || cpu < 0) return;
  if (host_.topology_.cpu(from).core == host_.topology_.cpu(cpu).core) return;
  const bool crossing = !host_.description_.without.contains(Mechanism::remote_latency);
  double line_s = 0.0;
  for (std::size_t home = 0; home < self.accesses->size(); ++home) {
    const double share = (*self.accesses)[home];
    if (share > 0)
      line_s += share *
                compute::dirty_line_s(host_.topology_, cpu, from, static_cast<int>(home), crossing);
  }
  host_.book(self);
  self.progress.owe_lines(sim::from_seconds(lines * line_s));
}

void GuestLocks::wait(int worker, std::coroutine_handle<> waiter) {
  Lock& lock = lock_of(worker);
  const bool steals = lock.paravirtual && !lock.queue.empty() && !lock.pending;
  (steals ? lock.thieves : lock.queue).push_back(worker);
  Waiter& own = waiters_[index(worker)];
  own = {.as = steals ? Wait::stealing : Wait::queued, .sleeps = own.sleeps};
  host_.spin(host_.workers_[index(worker)], waiter);
}

void GuestLocks::hold(int worker) {
  Lock& lock = lock_of(worker);
  Waiter& waiter = waiters_[index(worker)];
  const bool queued = waiter.as == Wait::queued;
  std::erase(queued ? lock.queue : lock.thieves, worker);
  waiter = {.sleeps = waiter.sleeps};
  own(worker);
  host_.grant(host_.workers_[index(worker)]);
  if (!queued || !lock.paravirtual) return;
  lock.pending = false;
  come_to_head(lock);
}

// A lock in turn goes to whom it is due, with or without a CPU; one that is tested and set to
// nobody without. A paravirtual one goes to the head of its queue if that is at it, else to whom
// comes, while the head is kicked.
void GuestLocks::release(int worker) {
  Lock& lock = lock_of(worker);
  if (lock.holder != worker) return;  // locks cost nothing
  Worker& self = host_.workers_[index(worker)];
  lock.holder = -1;
  const auto first = [this](const std::vector<int>& of) {
    const auto found =
        std::find_if(of.begin(), of.end(), [this](int id) { return waiters_[index(id)].inside; });
    return found == of.end() ? -1 : *found;
  };
  const int head = lock.queue.empty() ? -1 : lock.queue.front();
  int next = head;
  if (lock.paravirtual) {
    if (std::exchange(lock.slow, false)) kick(worker, head);
    if (head >= 0 && !waiters_[index(head)].inside) next = lock.pending ? -1 : first(lock.thieves);
  } else if (!host_.vms_[index(self.vm)].description->kvm_features.fair_locks) {
    next = first(lock.queue);
  }
  if (next >= 0) hold(next);  // else it is free for who comes
  host_.answer_flushes(self);
}

// --- a paravirtual lock's queue -----------------------------------------------------------------

// Its head is the one that waits for the lock itself, the others for their turn at that.
void GuestLocks::come_to_head(Lock& lock) {
  if (!lock.queue.empty()) {
    const int head = lock.queue.front();
    Waiter& waiter = waiters_[index(head)];
    if (waiter.asleep) {  // who has just got the lock kicks it when that is over
      waiter.hashed = lock.slow = true;
    } else if (waiter.inside) {
      loop(waiter);
      waiter.looped_s = 0.0;
      lock.pending = true;
      again(head);
    }
  }
  stop_stealing(lock);
}

// Thieves try only while somebody waits in the queue whose head is not at the lock.
void GuestLocks::stop_stealing(Lock& lock) {
  while (lock.pending || lock.queue.empty()) {
    const auto thief = std::find_if(lock.thieves.begin(), lock.thieves.end(),
                                    [this](int id) { return waiters_[index(id)].inside; });
    if (thief == lock.thieves.end()) return;
    queue_up(lock, *thief);
  }
}

void GuestLocks::queue_up(Lock& lock, int worker) {
  Waiter& waiter = waiters_[index(worker)];
  std::erase(lock.thieves, worker);
  lock.queue.push_back(worker);
  waiter.as = Wait::queued;
  loop(waiter);
  waiter.looped_s = 0.0;
  if (lock.queue.front() == worker) {
    lock.pending = true;
  } else if (sleeps_early(worker)) {
    return sleep(worker);
  }
  again(worker);
}

// pv_wait_early: behind a waiter that sleeps or slept when it was last seen or, in kernels 4.10 to
// 5.3, has lost its CPU.
bool GuestLocks::sleeps_early(int worker) const {
  const std::vector<int>& queue = lock_of(worker).queue;
  const auto own = std::find(queue.begin(), queue.end(), worker);
  if (own == queue.begin() || own == queue.end()) return false;
  const int before = *std::prev(own);
  if (waiters_[index(before)].slept) return true;
  const Worker& ahead = host_.workers_[index(before)];
  return host_.vms_[index(ahead.vm)].description->kvm_features.pv_wait_preempted &&
         ahead.progress.state() == State::runnable;
}

void GuestLocks::sleep(int worker) {
  Lock& lock = lock_of(worker);
  Waiter& waiter = waiters_[index(worker)];
  if (lock.queue.front() == worker) {
    lock.pending = false;
    waiter.hashed = lock.slow = true;
  }
  waiter.inside = false;
  waiter.asleep = waiter.slept = true;
  ++waiter.sleeps;
  Worker& self = host_.workers_[index(worker)];
  host_.book(self);
  host_.sleep(self);
  tell_next(worker);
}

// KVM_HC_KICK_CPU, by who has just released the lock.
void GuestLocks::kick(int worker, int head) {
  Worker& self = host_.workers_[index(worker)];
  Worker& woken = host_.workers_[index(head)];
  Waiter& waiter = waiters_[index(head)];
  host_.owe_exits(worker, 1, vmm::ExitKind::hypercall);
  if (woken.dead || !std::exchange(waiter.asleep, false)) return;
  waiter.looped_s = 0.0;
  host_.wake_spinning(woken, host_.scheduler_->cpu_of(self.thread));
  if (!host_.description_.vmm.pause_loop.kicked || woken.progress.state() != State::runnable)
    return;
  host_.owe_exit(self, kYield_cycles);
  host_.scheduler_->yield_to(self.thread, woken.thread);
}

// Who waits behind it may now sleep early.
void GuestLocks::tell_next(int worker) {
  const std::vector<int>& queue = lock_of(worker).queue;
  const auto own = std::find(queue.begin(), queue.end(), worker);
  if (own != queue.end() && std::next(own) != queue.end()) again(*std::next(own));
}

// --- its loop -----------------------------------------------------------------------------------

void GuestLocks::loop(Waiter& waiter) const {
  if (!waiter.inside) return;
  const double s = sim::seconds(host_.engine_.now() - waiter.since);
  waiter.since = host_.engine_.now();
  waiter.looped_s += s;
  waiter.to_exit_s -= s;
}

void GuestLocks::again(int worker) {
  Worker& self = host_.workers_[index(worker)];
  if (!waiters_[index(worker)].inside || self.progress.state() != State::running) return;
  self.done.cancel();
  host_.arm(self);
}

void GuestLocks::lost_cpu(int worker) {
  Waiter& waiter = waiters_[index(worker)];
  loop(waiter);
  waiter.inside = false;
  if (waiter.as == Wait::queued && lock_of(worker).paravirtual) tell_next(worker);
}

double GuestLocks::limit_s(int worker) const {
  Waiter waiter = waiters_[index(worker)];
  if (!waiter.inside) return 0.0;
  loop(waiter);
  double left_s = waiter.to_exit_s;
  if (waiter.as == Wait::queued && lock_of(worker).paravirtual) {
    left_s = std::min(left_s, loops_s(kSpin) - waiter.looped_s);
    const double every_s = loops_s(kLookEvery);
    if (sleeps_early(worker))
      left_s = std::min(left_s, every_s - std::fmod(waiter.looped_s, every_s));
  }
  return std::max(0.0, left_s);
}

// It executes its loop (again): it looks at the lock.
bool GuestLocks::arrive(int worker) {
  Waiter& waiter = waiters_[index(worker)];
  Lock& lock = lock_of(worker);
  waiter.inside = true;
  waiter.slept = false;
  waiter.since = host_.engine_.now();
  waiter.to_exit_s = host_.pause_window_s(host_.workers_[index(worker)]);
  const bool head = !lock.queue.empty() && lock.queue.front() == worker;
  const bool steals = waiter.as == Wait::stealing;
  const bool its = !lock.paravirtual || (steals ? !lock.pending : head);
  if (its && lock.holder < 0) {
    hold(worker);
    return true;
  }
  if (!lock.paravirtual) return false;
  if (steals) {
    if (!lock.pending && !lock.queue.empty()) return false;
    queue_up(lock, worker);
    stop_stealing(lock);
    return true;
  }
  if (head) {
    lock.pending = true;
    stop_stealing(lock);
    return false;
  }
  if (waiter.looped_s > 0 || !sleeps_early(worker)) return false;
  sleep(worker);
  return true;
}

bool GuestLocks::spun(int worker) {
  Worker& self = host_.workers_[index(worker)];
  Waiter& waiter = waiters_[index(worker)];
  if (self.progress.owed() > sim::Duration::zero()) {
    host_.arm(self);
    return true;
  }
  if (waiter.asleep) {  // it polled until it lost its CPU
    self.progress.become(State::halted);
    host_.scheduler_->block(self.thread);
    return true;
  }
  if (!waiter.inside) {
    if (!arrive(worker)) host_.arm(self);
    return true;
  }
  loop(waiter);
  Lock& lock = lock_of(worker);
  if (waiter.as == Wait::queued && lock.paravirtual) {
    const double every_s = loops_s(kLookEvery);
    const bool looks = std::fmod(waiter.looped_s + kRounding_s, every_s) < 2 * kRounding_s;
    const bool enough = waiter.looped_s >= loops_s(kSpin) - kRounding_s;
    // A head that has been kicked once does not sleep until somebody has to kick it again.
    if ((looks && sleeps_early(worker)) || (enough && (!waiter.hashed || lock.slow))) {
      sleep(worker);
      return true;
    }
    if (enough) waiter.looped_s = 0.0;
  }
  waiter.inside = waiter.to_exit_s > kRounding_s;
  if (waiter.inside) host_.arm(self);
  return waiter.inside;
}

void GuestLocks::begin_measuring() {
  for (Waiter& waiter : waiters_) waiter.sleeps = 0;
}

}  // namespace models
