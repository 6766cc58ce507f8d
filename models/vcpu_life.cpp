// A vCPU's life: it computes, blocks, and is woken; its VM's emulator thread serves its requests.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "models/barrier.hpp"
#include "models/co_scheduling.hpp"
#include "models/guest_locks.hpp"
#include "models/memory_pressure.hpp"
#include "models/open_requests.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

sim::Process RunningHost::live(int id) {
  Worker& worker = workers_[at(id)];
  const Vm& vm = vms_[at(worker.vm)];
  const workload::Description& work = vm.description->workload;
  // The name is the component's path, so other classes keep their draws when one changes.
  const auto member = worker.vm - kinds_[at(vm.kind)].vms.front();
  sim::Random random = engine_.stream(
      fmt::format("vm.{}.{}.vcpu.{}", vm.description->name, member, id - vm.vcpus.front()));
  sim::Random faults = engine_.stream(
      fmt::format("vm.{}.{}.vcpu.{}.faults", vm.description->name, member, id - vm.vcpus.front()));
  sim::Random sync = engine_.stream(
      fmt::format("vm.{}.{}.vcpu.{}.sync", vm.description->name, member, id - vm.vcpus.front()));
  const auto mean = [](sim::Instructions every) {
    return every.count() > 0 ? static_cast<double>(every.count())
                             : std::numeric_limits<double>::infinity();
  };
  const double lock_every = mean(work.sync.lock_every);
  const double hold = static_cast<double>(work.sync.lock_hold.count());
  const double flush_every = mean(work.sync.flush_every);
  const auto next = [&](double every) {
    return every < std::numeric_limits<double>::infinity() ? sync.exponential(every) : every;
  };
  double to_lock = next(lock_every);
  double to_flush = next(flush_every);
  const sim::Duration tick = sim::Duration{1'000'000'000'000 / vm.description->clock.tick_hz};
  const auto phase = static_cast<std::int64_t>(
      engine_.stream(fmt::format("vm.{}.{}.clock", vm.description->name, member)).uniform() *
      static_cast<double>(tick.count()));
  const auto next_tick = [&] {
    const auto now = engine_.now().time_since_epoch().count() - phase;
    const auto period = tick.count();
    return sim::Instant{sim::Duration{(now / period + 1) * period + phase}};
  };
  const bool idle_ticks = ticks_when_idle(vm);
  if (!work.loops() && !idle_ticks) co_return;
  const double burst = work.burst.count() > 0 ? static_cast<double>(work.burst.count())
                                              : std::numeric_limits<double>::infinity();
  const bool steady_bursts = work.burst_distribution == workload::Distribution::fixed;
  const bool steady_blocks = work.block_distribution == workload::Distribution::fixed;
  vmm::DeadlineTimer deadline = deadline_timer();
  OpenRequests* const requests = vm.requests.get();
  std::optional<OpenRequests::Request> request;
  scheduler::CpuId waker = scheduler::kNoCpu;
  // Nobody starts all vCPUs at one instant. CPUs that switched guests in step would be a gang, in
  // which no vCPU waits for one without a CPU.
  const double spread_s = vm.description->arrives ? 0.0 : start_spread_s_;
  co_await engine_.delay(sim::from_seconds(
      spread_s * engine_
                     .stream(fmt::format("vm.{}.{}.vcpu.{}.start", vm.description->name, member,
                                         id - vm.vcpus.front()))
                     .uniform()));
  const auto tick_idle = [&](sim::Engine&) -> sim::Task<> {
    worker.for_tick = true;
    owe_ticks(worker, 1.0);
    co_await compute(id, 1.0, scheduler::kNoCpu);
    worker.for_tick = false;
    halt(id);
  };
  for (;;) {
    sim::Instant until = sim::Instant::max();
    bool device = false;
    if (requests != nullptr) {
      for (;;) {
        request = co_await requests->next(id, idle_ticks ? next_tick() : sim::kNever);
        if (request) break;
        co_await tick_idle(engine_);
      }
      waker = request->handed_over_on;
    }
    if (work.loops()) {
      const double instructions = steady_bursts || burst == std::numeric_limits<double>::infinity()
                                      ? burst
                                      : random.exponential(burst);
      double left = std::max(1.0, instructions);
      bool first = true;
      sim::Instant began{};
      while (left > 0) {
        const double fault = pressure_ ? pressure_->until_fault(worker, faults)
                                       : std::numeric_limits<double>::infinity();
        const double step = std::min({left, fault, to_lock, to_flush});
        co_await compute(id, step, first ? waker : scheduler::kNoCpu);
        if (first) began = worker.busy_since;
        first = false;
        left -= step;
        to_lock -= step;
        to_flush -= step;
        if (to_lock <= 0) {
          co_await locks_->take(id);
          const double held = std::max(1.0, sync.exponential(hold));
          co_await compute(id, held, scheduler::kNoCpu);
          left -= held;
          locks_->release(id);
          to_lock = next(lock_every);
        }
        if (to_flush <= 0) {
          co_await Flush{*this, id};
          to_flush = next(flush_every);
        }
        if (left <= 0 || !worker.faulting || step < fault) continue;
        if (pressure_->await_page(id, faults)) co_await pressure_->page(id);
      }
      if (request) began = request->came;
      kinds_[at(vm.kind)].latency.record(sim::seconds(engine_.now() - began));
      if (work.sync.barrier) {
        co_await barriers_->meet(id);
        continue;
      }
      if (requests != nullptr) {
        if (requests->waiting() == 0) halt(id);
        continue;
      }
      const sim::Duration wait = steady_blocks ? work.block : random.exponential(work.block);
      waker = scheduler::kNoCpu;
      if (work.wake == workload::WakeSource::deadline) {
        const double ahead = sim::seconds(wait) * topology_.description().frequency.count();
        owe_cycles(id, deadline.fire(sim::Cycles{std::llround(ahead)}));
        worker.exits += deadline.exits();
        continue;
      }
      device = work.wake == workload::WakeSource::device && vm.emulator >= 0;
      if (device) {
        // Half of the emulation submits the request, half completes it; the completion interrupt
        // comes in on the CPU that submitted (rq_affinity), and the emulator wakes the guest.
        co_await emulate(vm.emulator, work.emulation / 2, id);
      } else {
        halt(id);
      }
      until = engine_.now() + wait;
    }
    while (idle_ticks && next_tick() < until) {
      co_await engine_.delay(next_tick() - engine_.now());
      co_await tick_idle(engine_);
    }
    if (until > engine_.now()) co_await engine_.delay(until - engine_.now());
    if (!device) continue;
    co_await emulate(vm.emulator, work.emulation - work.emulation / 2, -1);
    waker = scheduler_->cpu_of(workers_[at(vm.emulator)].thread);
  }
}

void RunningHost::Compute::await_suspend(std::coroutine_handle<> waiter) {
  Worker& self = host.workers_[at(worker)];
  if (self.dead) return;  // never resumed
  self.waiter = waiter;
  if (!self.jobs.empty()) {  // the guest's kernel is at work there
    self.displaced = instructions;
    return;
  }
  host.book(self);
  self.progress.begin(instructions);
  if (self.state.pace.lines_s > 0) self.progress.pace(host.instruction_time(self));
  host.take_vcpu(self, waker);
}

// It has something to do, whatever it did before.
void RunningHost::take_vcpu(Worker& self, scheduler::CpuId waker) {
  const bool waited =
      self.halts || self.polling || self.progress.state() == guest::Progress::State::halted;
  const bool slept = waited && self.halted_at != sim::Instant{};
  if (self.halts) {  // answered before it could halt
    self.halts = false;
    self.busy_since = engine_.now();
  }
  if (self.polling) {
    stop_polling(self);
    self.busy_since = engine_.now();
  }
  if (slept) write_timer(worker_of_thread_[at(self.thread)], true);
  if (scheduler_->runnable(self.thread)) {
    arm(self);
    return;
  }
  if (self.progress.state() == guest::Progress::State::stopped) return;  // until it is started
  wake(self, waker);
}

void RunningHost::await_ios(int id, int more) {
  Worker& worker = workers_[at(id)];
  const bool awaited = worker.awaited_ios > 0;
  worker.awaited_ios += more;
  if (awaited == (worker.awaited_ios > 0)) return;
  book(worker);
  worker.progress.await_io(!awaited);
}

void RunningHost::Run::await_suspend(std::coroutine_handle<> waiter) {
  Worker& own = host.workers_[at(worker)];
  if (own.dead) return;
  double cost = work;
  const scheduler::CpuId cpu = host.scheduler_->cpu_of(own.thread);
  if (own.stream < 0 && cpu >= 0 && !host.description_.without.contains(Mechanism::smt)) {
    // A piece of a host thread's, too short to change the pace of who shares its core.
    const double yield = host.topology_.description().smt_yield;
    const std::vector<int>& core = host.topology_.cpus_of_core(host.topology_.cpu(cpu).core);
    if (std::any_of(core.begin(), core.end(), [&](int other) {
          return other != cpu && host.scheduler_->running(other) != scheduler::kNoThread;
        }))
      cost *= 2.0 / (yield > 0 ? yield : compute::Profile{}.smt_yield);
  }
  const Job job{.work = cost, .waiter = waiter, .before_all = before_all, .lingers = true};
  if (before_all && !own.jobs.empty()) {
    host.go_before(own, job);
    return;
  }
  own.jobs.push_back(job);
  if (own.jobs.size() == 1 && !own.resuming) host.take_job(own, waker);
}

// An interrupt while jobs wait: the one in work goes on later.
void RunningHost::go_before(Worker& worker, const Job& job) {
  const auto first = std::find_if(worker.jobs.begin(), worker.jobs.end(),
                                  [](const Job& waiting) { return !waiting.before_all; });
  const bool at_once = first == worker.jobs.begin() && !worker.resuming;
  if (at_once) {
    book(worker);
    worker.jobs.front().work = worker.progress.left();
  }
  worker.jobs.insert(first, job);
  if (!at_once) return;
  worker.progress.begin_kernel(job.work);
  if (scheduler_->runnable(worker.thread)) arm(worker);
}

void RunningHost::Emulate::await_suspend(std::coroutine_handle<> waiter) {
  Worker& own = host.workers_[at(thread)];
  own.jobs.push_back({.work = sim::seconds(work) / kEmulatorUnit_s, .waiter = waiter});
  const scheduler::CpuId waker =
      halting < 0 ? scheduler::kNoCpu : host.scheduler_->cpu_of(host.workers_[at(halting)].thread);
  if (own.jobs.size() == 1) host.take_job(own, waker);
  if (halting >= 0) host.halt(halting);
}

void RunningHost::take_job(Worker& worker, scheduler::CpuId waker) {
  book(worker);
  if (worker.stream >= 0) {
    // An interrupt, a system call that goes on: before the guest's processes.
    const bool halted =
        worker.polling || worker.halts || worker.progress.state() == guest::Progress::State::halted;
    // A process that is done at this very instant has yet to be told so.
    const bool process = !halted && !worker.serving;
    if (process && worker.displaced < 0) worker.displaced = std::max(0.0, worker.progress.left());
    worker.serving = true;
    worker.progress.begin_kernel(worker.jobs.front().work);
    take_vcpu(worker, waker);
    return;
  }
  worker.halts = false;  // it lost its CPU on the way to sleep, and need not sleep now
  if (worker.polling) stop_polling(worker);
  worker.progress.begin(worker.jobs.front().work);
  if (scheduler_->runnable(worker.thread)) {
    arm(worker);
    return;
  }
  worker.progress.become(guest::Progress::State::runnable);
  worker.woken = true;
  scheduler_->wake(worker.thread, waker);
}

void RunningHost::finish(Worker& worker) {
  book(worker);
  if (worker.polling) {  // in vain
    worker.progress.become(guest::Progress::State::halted);
    scheduler_->block(worker.thread);
    return;
  }
  if (worker.spinning) return spun(worker);
  if (!worker.progress.done()) {  // the last picosecond of rounding
    arm(worker);
    return;
  }
  if (worker.halts) return rest(worker);
  if (worker.jobs.empty()) {
    worker.waiter.resume();
  } else {
    finish_job(worker);
  }
}

// It has nothing left to do. What it has set off at this very instant, a process that a packet
// wakes, say, may ask for the same CPU: it does not go to sleep before.
void RunningHost::rest(Worker& worker) {
  constexpr int kSteps = 4;  // from one to the next, of what is set off
  if (worker.put_off < kSteps && engine_.due_at_once() &&
      worker.progress.state() == guest::Progress::State::running) {
    ++worker.put_off;
    worker.halts = true;
    worker.progress.begin(0);
    arm(worker);
    return;
  }
  halt(worker_of_thread_[at(worker.thread)]);
}

void RunningHost::finish_job(Worker& worker) {
  const Job job = worker.jobs.front();
  worker.jobs.pop_front();
  if (job.lingers) {
    worker.resuming = true;
    job.waiter.resume();
    worker.resuming = false;
  }
  if (!worker.jobs.empty()) {
    take_job(worker, scheduler::kNoCpu);
  } else if (worker.displaced >= 0) {
    worker.serving = false;
    worker.progress.begin(std::exchange(worker.displaced, -1.0));
    arm(worker);
  } else {
    worker.serving = false;
    worker.put_off = 0;
    rest(worker);
  }
  if (!job.lingers) job.waiter.resume();
}

}  // namespace models
