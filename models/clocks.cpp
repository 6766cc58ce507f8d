#include "models/clocks.hpp"

#include <algorithm>

#include "models/running_host.hpp"

namespace models {

Clocks::Core::Core(Clocks& owner, int number)
    : clocks{owner},
      core{number},
      governor{owner.host_.topology_.description().governor,
               owner.host_.topology_.description().lowest_frequency, owner.highest_},
      next{sim::Event::calling<&Core::on_sample>(owner.host_.engine(), *this)} {}

Clocks::Clocks(RunningHost& host)
    : host_{host},
      scaled_{host.topology_.description().governor != topology::Governor::performance &&
              !host.description_.without.contains(Mechanism::frequency_scaling)} {
  if (!scaled_) return;
  const topology::Description& d = host_.topology_.description();
  const bool turbo = !d.turbo.empty() && !host_.description_.without.contains(Mechanism::turbo);
  highest_ = turbo ? d.turbo.front() : d.frequency;
  for (int core = 0; core < host_.topology_.cores(); ++core) {
    cores_.emplace_back(*this, core);
    host_.contention_.limit_clock(core, d.lowest_frequency);
  }
}

void Clocks::switched(int cpu, bool was_busy, bool is_busy) {
  if (!scaled_) return;
  Core& core = cores_[static_cast<std::size_t>(host_.topology_.cpu(cpu).core)];
  if (was_busy == is_busy) {
    if (is_busy) pace_thread(cpu, highest_.count() / core.governor.clock_Hz());
    return;
  }
  core.busy += is_busy ? 1 : -1;
  if (is_busy && core.busy == 1) {
    core.governor.wake(host_.engine().now());
    if (!core.governor.settled()) core.next.after(core.governor.interval());
  } else if (!is_busy && core.busy == 0) {
    core.governor.sleep(host_.engine().now());
    core.next.cancel();
    return;
  }
  follow(core);
}

void Clocks::sample(Core& core) {
  core.governor.sample(host_.engine().now());
  if (!core.governor.settled()) core.next.after(core.governor.interval());
  follow(core);
}

// What runs on the core goes on at its new clock.
void Clocks::follow(Core& core) {
  const double clock_Hz = core.governor.clock_Hz();
  host_.contention_.limit_clock(core.core, sim::Hertz{clock_Hz});
  host_.settle_later();
  for (const int cpu : host_.topology_.cpus_of_core(core.core))
    pace_thread(cpu, highest_.count() / clock_Hz);
}

// Threads of the host count their work in time at the highest clock.
void Clocks::pace_thread(int cpu, double slowdown) {
  const scheduler::ThreadId thread = host_.scheduler_->running(cpu);
  if (thread == scheduler::kNoThread) return;
  Worker& worker = host_.workers_[static_cast<std::size_t>(
      host_.worker_of_thread_[static_cast<std::size_t>(thread)])];
  if (worker.stream >= 0) return;
  const double unit_s = RunningHost::kEmulatorUnit_s * slowdown;
  if (worker.progress.state() == guest::Progress::State::running) host_.book(worker);
  worker.progress.pace({.by_cause = {unit_s}, .total_s = unit_s});
  host_.arm(worker);
}

}  // namespace models
