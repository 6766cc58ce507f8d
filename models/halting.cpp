// A vCPU that halts: it sleeps, or polls for a while first.
#include <utility>

#include "models/co_scheduling.hpp"
#include "models/running_host.hpp"
#include "models/vmm/nesting.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

// Half of a tickless guest's writes put its tick off as it goes idle, half set it again after.
void RunningHost::write_timer(int id, bool after) {
  const int writes = vmm::wait_exits(vms_[at(workers_[at(id)].vm)].description->clock);
  const int now = after ? writes - writes / 2 : writes / 2;
  if (now > 0) owe_exits(id, now, vmm::ExitKind::timer);
}

void RunningHost::halt(int id) {
  Worker& worker = workers_[at(id)];
  book(worker);
  if (worker.stream >= 0 && !worker.jobs.empty() && !worker.dead) return;  // when they are done
  if (worker.progress.state() != guest::Progress::State::running) {
    // The emulator that its kick woke took the CPU: it halts when it has one again, unless its
    // request is answered before.
    worker.halts = true;
    worker.progress.begin(0);
    return;
  }
  worker.halts = false;
  if (worker.stream >= 0) {
    write_timer(id, false);
    return sleep(worker);
  }
  sleep(worker);
}

// A vCPU executes HLT, or a thread has nothing to do.
void RunningHost::sleep(Worker& worker) {
  const bool vcpu = worker.stream >= 0;
  worker.put_off = 0;
  if (vcpu) ++worker.exits;
  if (vcpu || worker.poll.any()) worker.halted_at = engine_.now();
  if (!may_poll(worker)) {
    worker.progress.become(guest::Progress::State::halted);
    scheduler_->block(worker.thread);
    return;
  }
  worker.polling = true;
  worker.progress.become(guest::Progress::State::polling);
  if (vcpu) {
    leave_cpu(worker, scheduler_->cpu_of(worker.thread));
    settle_later();
  }
  worker.done.cancel();
  worker.done.after(worker.poll.window());
}

// It goes on waiting for another vCPU, awake.
void RunningHost::wake_spinning(Worker& worker, scheduler::CpuId waker) {
  book(worker);
  worker.halts = false;
  worker.progress.begin_waiting();
  if (worker.polling) {
    stop_polling(worker);
    arm(worker);
    return;
  }
  if (worker.progress.state() != guest::Progress::State::halted) return;  // not yet asleep
  wake(worker, waker);
}

// A vCPU that has slept.
void RunningHost::wake(Worker& worker, scheduler::CpuId waker) {
  worker.waiting_since = worker.busy_since = engine_.now();
  worker.progress.become(guest::Progress::State::runnable);
  worker.woken = true;
  scheduler_->wake(worker.thread, waker);
  if (gangs_ && worker.progress.state() == guest::Progress::State::runnable)
    gangs_->waits(worker.vm);
}

// A process does not know who else wants its CPU; the kernel polls for a vCPU while nobody does.
bool RunningHost::may_poll(const Worker& worker) const {
  return worker.poll.window() > sim::Duration::zero() &&
         description_.vmm.architecture == Architecture::kvm &&
         !description_.without.contains(Mechanism::halt_polling) &&
         (worker.stream < 0 || !scheduler_->contended(scheduler_->cpu_of(worker.thread)));
}

bool RunningHost::polls(int worker) const {
  return workers_[at(worker)].polling;
}

// What it polled for has come: it goes on at once.
void RunningHost::stop_polling(Worker& worker) {
  worker.polling = false;
  worker.poll.learn(engine_.now() - std::exchange(worker.halted_at, sim::Instant{}));
  worker.done.cancel();
  worker.progress.become(guest::Progress::State::running);
  if (worker.stream < 0) return;
  enter_cpu(worker, scheduler_->cpu_of(worker.thread));
  settle_later();
  if (description_.without.contains(Mechanism::exits)) return;
  const sim::Cycles reflected =
      vmm::reflection(exit_hardware(topology_.description()), description_.vmm.exits);
  if (reflected.count() > 0) owe_cycles(worker_of_thread_[at(worker.thread)], reflected);
}

// What it has been at work since it was awake, if it is by now.
void RunningHost::book_cpu(scheduler::CpuId cpu, Worker& ran) {
  const double busy_s = sim::seconds(engine_.now() - cpu_since_[at(cpu)]);
  if (busy_s < 0) {
    ran.asleep_s += busy_s;
    return;
  }
  cpu_busy_s_[at(cpu)] += busy_s;
  node_busy_s_[at(topology_.cpu(cpu).node)] += busy_s;
}

// What its sleep costs whom it wakes for.
sim::Duration RunningHost::wake_cpu(scheduler::CpuId cpu) {
  if (description_.hardware.idle_states.empty()) return sim::Duration::zero();
  bool shared = false;
  for (const int other : topology_.cpus_of_core(topology_.cpu(cpu).core))
    shared = shared || (other != cpu && scheduler_->running(other) != scheduler::kNoThread);
  return sleep_[at(cpu)].leave(engine_.now() - cpu_since_[at(cpu)], shared);
}

void RunningHost::silence(int index) {
  for (const int id : vms_[at(index)].vcpus) {
    Worker& worker = workers_[at(id)];
    worker.dead = true;
    book(worker);
    worker.done.cancel();
    worker.progress.begin(0);
    const auto state = worker.progress.state();
    if (state == guest::Progress::State::running || state == guest::Progress::State::polling) {
      worker.progress.become(guest::Progress::State::halted);
      scheduler_->block(worker.thread);
    } else if (state == guest::Progress::State::runnable) {
      worker.halts = true;  // goes once it has a CPU
    } else {
      worker.progress.become(guest::Progress::State::halted);
    }
  }
}

}  // namespace models
