// vCPUs of a guest that wait for each other: TLB flushes that wait until each vCPU has run, and
// what KVM does about spinning. Locks: guest_locks.hpp.
//
// Source  semantics.md 3.2 (ple_window), Linux virt/kvm/kvm_main.c (kvm_vcpu_on_spin) and
//         arch/x86/kernel/kvm.c for paravirtual TLB flushes; that flushes wait for who waits for a
//         lock with interrupts off: K. Ishiguro on kvm, 6 January 2025.
//         What an interrupt of many costs who sends it: W. Li 2018, 4180bf1b655a (an IPI
//         benchmark).
// Omits   the host's threads of waiters that sleep with interrupts off, woken in vain: CPU time.
// Checked tests/models/sync_life_test.cpp; validation subsystem locks.
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/barrier.hpp"
#include "models/guest_locks.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr double kVcpusPerIpi = 16.0;             // an x2APIC cluster takes one write
constexpr double kFlushHandler_cycles = 1'000.0;  // of the target's kernel [recall]
// Of who interrupts it: queue its call, have the host tell its thread. An IPI of a guest of 80
// vCPUs to all others took 198 us with an exit each, 76 in one hypercall: (76 us - an exit) / 79 at
// 2.5 GHz (4180bf1b655a, x2APIC physical mode and pv-ipi).
constexpr double kTarget_cycles = 2'300.0;
constexpr double kLook_cycles = 200.0;  // at a vCPU: a line that others write [recall]

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

// Who has a CPU handles the interrupt at once; who lost it, when it is back; who has interrupts
// off, later, even if it sleeps. Idle vCPUs flush when they wake, and with paravirtual flushes so
// do all without a CPU.
bool RunningHost::Flush::await_ready() {
  if (host.description_.without.contains(Mechanism::locks)) return true;
  Worker& self = host.workers_[at(worker)];
  const Vm& vm = host.vms_[at(self.vm)];
  double targets = 0;
  // One that sleeps with interrupts off wakes in the host, may not take it and sleeps again: its
  // CPU never sleeps deeply.
  const auto stir = [&](scheduler::CpuId cpu) {
    if (cpu < 0 || host.scheduler_->running(cpu) != scheduler::kNoThread) return;
    host.wake_cpu(cpu);
    host.cpu_since_[at(cpu)] = host.engine_.now();
    host.sleep_[at(cpu)].enter();
  };
  for (const int id : vm.vcpus) {
    Worker& other = host.workers_[at(id)];
    if (id == worker || other.dead) continue;
    const auto state = other.progress.state();
    const bool gone =
        state != guest::Progress::State::running && state != guest::Progress::State::polling;
    if (gone && vm.description->kvm_features.pv_tlb_flush) continue;
    if (host.locks_->masks_interrupts(id)) {
      ++targets;
      other.flush_waiters.push_back(worker);
      ++self.flushes_awaited;
      if (state == guest::Progress::State::halted) stir(host.scheduler_->cpu_of(other.thread));
    } else if (state == guest::Progress::State::running) {
      ++targets;
      host.owe_exit(other, host.cycles_of(vmm::ExitKind::inject) + kFlushHandler_cycles);
    } else if (state == guest::Progress::State::runnable && !other.halts) {
      ++targets;
      other.flush_waiters.push_back(worker);
      ++self.flushes_awaited;
    }
  }
  const double writes = std::ceil(targets / kVcpusPerIpi);
  const double write_cycles = host.cycles_of(vmm::ExitKind::ipi);
  if (writes > 0 && write_cycles > 0)
    host.owe_exit(self, writes * write_cycles + targets * kTarget_cycles);
  return self.flushes_awaited == 0;
}

void RunningHost::Flush::await_suspend(std::coroutine_handle<> waiter) {
  Worker& self = host.workers_[at(worker)];
  host.spin(self, waiter);
  if (host.vms_[at(self.vm)].description->kvm_features.pv_sched_yield)
    host.yield_to_interrupted(worker);
}

// kvm_smp_send_call_func_ipi: a hypercall for the first vCPU that has no CPU to take it with; one
// that sleeps cannot be yielded to.
void RunningHost::yield_to_interrupted(int worker) {
  Worker& self = workers_[at(worker)];
  for (const int id : vms_[at(self.vm)].vcpus) {
    const Worker& other = workers_[at(id)];
    const auto state = other.progress.state();
    const std::vector<int>& waiters = other.flush_waiters;
    if (state == guest::Progress::State::running || state == guest::Progress::State::polling ||
        std::find(waiters.begin(), waiters.end(), worker) == waiters.end())
      continue;
    owe_exit(self, cycles_of(vmm::ExitKind::hypercall) + kYield_cycles);
    if (state == guest::Progress::State::runnable) scheduler_->yield_to(self.thread, other.thread);
    return;
  }
}

double RunningHost::cycles_of(vmm::ExitKind kind) const {
  const bool none = description_.vmm.architecture == Architecture::container ||
                    description_.without.contains(Mechanism::exits);
  return none ? 0.0
              : vmm::cycles(kind, exit_hardware(topology_.description()), description_.vmm.exits);
}

void RunningHost::owe_exits(int worker, int count, vmm::ExitKind kind) {
  workers_[at(worker)].exits += count;
  owe_exit(workers_[at(worker)], count * cycles_of(kind));
}

// Into a vCPU that runs, it takes an exit where interrupts are not delivered virtually; and the
// guest's end of interrupt takes another. A vCPU that sleeps without its tick starts it now and
// stops it before it sleeps again: two writes of its timer.
void RunningHost::owe_interrupt(int worker) {
  const Worker& self = workers_[at(worker)];
  double cycles = cycles_of(vmm::ExitKind::eoi);
  if (!topology_.description().virtual_interrupts) ++workers_[at(worker)].exits;
  if (self.progress.state() == guest::Progress::State::running) {
    cycles += cycles_of(vmm::ExitKind::inject);
  } else if (self.progress.state() == guest::Progress::State::halted &&
             !ticks_when_idle(vms_[at(self.vm)])) {
    cycles += 2 * cycles_of(vmm::ExitKind::timer);
  }
  owe_exit(workers_[at(worker)], cycles);
}

// At the clock of a busy host: with all cores active.
double RunningHost::thread_work(sim::Cycles cycles) const {
  const topology::Description& hardware = topology_.description();
  const bool turbo = !hardware.turbo.empty() && !description_.without.contains(Mechanism::turbo);
  const double clock_Hz = (turbo ? hardware.turbo.back() : hardware.frequency).count();
  return static_cast<double>(cycles.count()) / clock_Hz / kEmulatorUnit_s;
}

void RunningHost::owe_cycles(int worker, sim::Cycles cycles, int exits) {
  workers_[at(worker)].exits += exits;
  owe_exit(workers_[at(worker)], static_cast<double>(cycles.count()));
}

void RunningHost::owe_exit(Worker& worker, double cycles) {
  book(worker);
  worker.progress.owe_exits(sim::from_seconds(cycles / topology_.description().frequency.count()));
  arm(worker);
}

void RunningHost::spin(Worker& worker, std::coroutine_handle<> waiter) {
  book(worker);
  worker.waiter = waiter;
  worker.spinning = true;
  contention_.waits(worker.stream, true);
  settle_later();
  worker.done.cancel();
  worker.progress.begin_waiting();
  worker.progress.pace(instruction_time(worker));
  arm(worker);
}

// What it waited for has come.
void RunningHost::grant(Worker& worker) {
  book(worker);
  worker.spinning = false;
  contention_.waits(worker.stream, false);
  settle_later();
  worker.done.cancel();
  worker.progress.begin(0);
  worker.progress.pace(instruction_time(worker));
  arm(worker);
}

void RunningHost::answer_flushes(Worker& worker) {
  if (worker.flush_waiters.empty()) return;
  if (locks_->masks_interrupts(worker_of_thread_[at(worker.thread)])) return;
  const std::vector<int> waiting = std::exchange(worker.flush_waiters, {});
  worker.progress.owe_exits(
      sim::from_seconds((cycles_of(vmm::ExitKind::inject) + kFlushHandler_cycles) /
                        topology_.description().frequency.count()));
  for (const int id : waiting) {
    Worker& initiator = workers_[at(id)];
    if (--initiator.flushes_awaited == 0) grant(initiator);
  }
}

// How long a vCPU spins before something happens; infinite if nothing does.
double RunningHost::spin_limit_s(const Worker& worker) const {
  const int id = worker_of_thread_[at(worker.thread)];
  if (barriers_->waits(id))
    return std::numeric_limits<double>::infinity();  // in its program, without PAUSE
  return locks_->waits(id) ? locks_->limit_s(id) : pause_window_s(worker);
}

// Until a pause-loop exit.
double RunningHost::pause_window_s(const Worker& worker) const {
  const bool exits = description_.vmm.architecture == Architecture::kvm &&
                     description_.vmm.pause_loop.window.count() > 0 &&
                     !description_.without.contains(Mechanism::pause_loop_exits);
  return exits ? worker.spin_window / topology_.description().frequency.count()
               : std::numeric_limits<double>::infinity();
}

// Its queue is locked until the thread that it has just picked runs: else yields to and fro would
// keep a CPU at nothing but switching.
bool RunningHost::switching(scheduler::CpuId cpu) {
  const scheduler::ThreadId current = scheduler_->running(cpu);
  if (current == scheduler::kNoThread) return false;
  Worker& there = workers_[at(worker_of_thread_[at(current)])];
  book(there);
  return there.progress.switching();
}

// A loop of PAUSE ends in an exit, and KVM looks for a vCPU of the guest that lost its CPU while it
// had something to do.
void RunningHost::spun(Worker& worker) {
  const int id = worker_of_thread_[at(worker.thread)];
  if (locks_->waits(id) && locks_->spun(id)) return;
  ++worker.pause_exits;
  worker.spin_window *= description_.vmm.pause_loop.grow;
  Vm& own = vms_[at(worker.vm)];
  const std::size_t count = own.vcpus.size();
  worker.gave_way = true;
  double cost = cycles_of(vmm::ExitKind::cpuid) + kYield_cycles;
  for (std::size_t step = 1; step <= count; ++step) {
    cost += kLook_cycles;
    const std::size_t index = (own.last_boosted + step) % count;
    Worker& other = workers_[at(own.vcpus[index])];
    if (&other == &worker || !can_use_yield(other, worker_of_thread_[at(worker.thread)])) continue;
    if (switching(scheduler_->cpu_of(other.thread))) continue;
    if (!scheduler_->yield_to(worker.thread, other.thread)) continue;
    own.last_boosted = index;
    break;
  }
  worker.progress.owe_exits(sim::from_seconds(cost / topology_.description().frequency.count()));
  worker.eligible = false;
  if (worker.progress.state() != guest::Progress::State::running) return;
  worker.gave_way = false;
  if (worker.spinning) arm(worker);
}

void RunningHost::lose_cpu(Worker& worker) {
  Vm& vm = vms_[at(worker.vm)];
  const int id = worker_of_thread_[at(worker.thread)];
  if (locks_->waits(id)) locks_->lost_cpu(id);
  // All of its waits for contended lines are in the kernel.
  const compute::Pace& pace = worker.state.pace;
  const double lines = pace.instruction_s > 0 ? pace.lines_s / pace.instruction_s : 0.0;
  const double share = lines + (1.0 - lines) * vm.description->workload.sync.kernel_share;
  worker.in_kernel =
      worker.spinning || locks_->holds(id) || (share > 0 && vm.modes.uniform() < share);
}

// kvm_vcpu_on_spin's rule: waits for a CPU and lost it in the kernel, has been woken, or has an
// interrupt to take; of those that gave way themselves, every other one asked.
bool RunningHost::can_use_yield(Worker& worker, int from) const {
  if (worker.dead || worker.progress.state() != guest::Progress::State::runnable) return false;
  const PauseLoop& rule = description_.vmm.pause_loop;
  const std::vector<int>& waiters = worker.flush_waiters;
  const bool own =
      rule.own_interrupts && std::find(waiters.begin(), waiters.end(), from) != waiters.end();
  const bool interrupted = own || (rule.interrupted && !waiters.empty());
  if (worker.woken && !rule.woken && !own) return false;  // vcpu->preempted is not set
  const bool woken = worker.woken && (own || !rule.own_interrupts);
  if (rule.in_kernel && !worker.in_kernel && !woken && !interrupted) return false;
  if (!worker.gave_way) return true;
  return std::exchange(worker.eligible, !worker.eligible);
}

}  // namespace models
