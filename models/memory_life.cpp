// A host whose memory may run short: the page scanner's thread, reclaim as time passes, vCPUs that
// wait for pages, and guests that are killed.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/huge_pages.hpp"
#include "models/numa_balancing.hpp"
#include "models/numa_daemon.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr sim::Duration kWatch{100'000'000'000};  // 100 ms between looks at the host's memory
constexpr double kMostAgeingSteps = 3600.0;
// Of a guest's free memory, in blocks that it reports: pageblocks of 2 MiB; assumption.
constexpr double kInBlocks = 0.9;
constexpr double kBlockPages = 512.0;
constexpr double kClear_Bps = 10e9;    // clearing a block that is used again [recall]
constexpr double kKsmdShares = 335.0;  // nice 5, semantics.md 1.1 and 5.1

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double pages(sim::Bytes bytes) {
  return static_cast<double>(bytes.count()) / memory::kPage_B;
}

memory::Balloon balloon(BalloonMode mode) {
  switch (mode) {
    case BalloonMode::none:
      return memory::Balloon::none;
    case BalloonMode::target:
      return memory::Balloon::target;
    case BalloonMode::automatic:
      return memory::Balloon::automatic;
  }
  return memory::Balloon::none;
}

memory::GuestMemory guest_memory(const VmDescription& vm, Architecture architecture) {
  const MemoryTune& tune = vm.memory_tune;
  memory::GuestMemory guest;
  guest.image = vm.image.empty() ? vm.workload.name : vm.image;
  guest.profile = vm.workload.content;
  double named = 0.0;
  for (const memory::Content c :
       {memory::Content::zero, memory::Content::image, memory::Content::cold})
    named += guest.profile[c].share;
  guest.profile[memory::Content::hot].share = std::max(0.0, 1.0 - named);
  guest.memory = pages(vm.memory);
  guest.tune = {
      .shares = static_cast<double>(tune.shares),
      .reservation = pages(tune.reservation),
      .limit = tune.limit.count() > 0 ? pages(tune.limit) : std::numeric_limits<double>::infinity(),
      .locked = tune.locked || reserves_hugepages(vm),
      // QEMU asks for its guests' memory to be merged (mem-merge=on); who else wants it says so.
      .mergeable = architecture == Architecture::container ? tune.mergeable : !tune.nosharepages};
  guest.balloon = balloon(vm.balloon.mode);
  guest.target = pages(vm.balloon.target);
  guest.deflate_on_oom = vm.balloon.deflate_on_oom;
  guest.reported = vm.balloon.reporting ? kInBlocks : 0.0;
  guest.oom_score_adj = tune.oom_score_adj;
  return guest;
}

}  // namespace

bool memory_may_run_short(const HostDescription& host) {
  if (host.vmm.ksm.run || host.hardware.swap.size.count() > 0) return true;
  return std::any_of(host.vms.begin(), host.vms.end(), [](const VmDescription& vm) {
    return vm.balloon.mode != BalloonMode::none || vm.balloon.reporting ||
           vm.memory_tune.limit.count() > 0 || vm.memory_tune.shares > 0;
  });
}

void RunningHost::build_memory() {
  if (!memory_may_run_short(description_)) return;
  const topology::Description& d = topology_.description();
  memory::KsmTunables ksm = description_.vmm.ksm;
  ksm.run = ksm.run && !description_.without.contains(Mechanism::ksm);
  pressure_ = std::make_unique<memory::HostMemory>(
      memory::HostMemoryConfig{.pages = pages(topology::all_memory(d)),
                               .host_pages = pages(description_.vmm.host_memory),
                               .swap_pages = pages(d.swap.size),
                               .swap_out_per_s = d.swap.write_rate.count() / memory::kPage_B,
                               .swap_in_per_s = d.swap.latency > sim::Duration::zero()
                                                    ? d.swap.parallel / sim::seconds(d.swap.latency)
                                                    : std::numeric_limits<double>::infinity(),
                               .memory_latency_s = sim::seconds(d.controller.latency),
                               .nodes = topology_.memories(),
                               .ksm = ksm});
  swap_ = std::make_unique<sim::Server>(engine_, d.swap.parallel);
  for (Vm& vm : vms_)
    vm.in_memory = pressure_->add(guest_memory(*vm.description, description_.vmm.architecture));
  if (!ksm.run) return;
  const scheduler::GroupId group =
      scheduler_->add_group(scheduler::GroupConfig{.shares = kKsmdShares});
  ksmd_ = add_worker(-1, {}, group);
  workers_[at(ksmd_)].progress.pace({.by_cause = {kEmulatorUnit_s}, .total_s = kEmulatorUnit_s});
}

// ksmd: a batch of pages, then sleep.
sim::Process RunningHost::merge_pages() {
  // A sleep in jiffies ends with the tick after its last one.
  const sim::Duration jiffy{1'000'000'000'000 / std::max(1, description_.vmm.host_tick_hz)};
  for (;;) {
    if (pressure_->ksm_runs()) {
      const double cpu_s = pressure_->scan(sim::seconds(engine_.now() - sim::kStart));
      co_await emulate(ksmd_, sim::from_seconds(cpu_s), -1);
    }
    co_await engine_.delay(pressure_->ksm_sleep() + jiffy);
  }
}

sim::Process RunningHost::tune_merging() {
  memory::KsmTuned tuned{pages(topology::all_memory(topology_.description())) * memory::kPage_B /
                         1024.0};
  for (;;) {
    pressure_->tune_ksm(tuned);
    co_await engine_.delay(sim::from_seconds(memory::KsmTuned::kInterval_s));
  }
}

// What the host's memory has come to by the time that the guests have run for their age: they were
// started one after the other in the first half of it. Scanner, reclaim and swap go on as they do
// later, but take no CPU from anybody.
void RunningHost::age_pressure() {
  double age_s = 0.0;
  std::size_t aged = 0;
  for (const Vm& vm : vms_) {
    age_s = std::max(age_s, sim::seconds(vm.description->age));
    aged += vm.description->age > sim::Duration::zero();
  }
  if (aged == 0) return;
  const double tick_s = 1.0 / std::max(1, description_.vmm.host_tick_hz);
  const double step_s = std::max(1.0, age_s / kMostAgeingSteps);
  memory::KsmTuned tuned{pages(topology::all_memory(topology_.description())) * memory::kPage_B /
                         1024.0};
  double tuned_at_s = 0.0;
  for (const Vm& vm : vms_) pressure_->lie(vm.in_memory, vm.placement.shares());
  pressure_->hold(pages(description_.vmm.host_memory + vmm_memory()));
  for (double now_s = 0.0; now_s < age_s; now_s += step_s) {
    std::size_t started = 0;
    for (const Vm& vm : vms_) {
      if (vm.description->age == sim::Duration::zero()) continue;
      const double start_s =
          0.5 * age_s * static_cast<double>(started++) / static_cast<double>(aged);
      if (now_s >= start_s) pressure_->touched(vm.in_memory, pages(resident(*vm.description)));
    }
    if (ksmd_ >= 0 && description_.vmm.ksm.tuned && now_s >= tuned_at_s) {
      pressure_->tune_ksm(tuned);
      tuned_at_s += memory::KsmTuned::kInterval_s;
    }
    pressure_->scan_for(step_s, now_s - age_s, tick_s);
    pressure_->use(step_s);
    pressure_->step(step_s);
    for (const memory::Killed& killed : pressure_->take_killed())
      kill(killed.vm,
           fmt::format("{:.0f} s before the run began, {}", age_s - now_s, killed.reason));
  }
}

sim::Process RunningHost::watch_memory() {
  for (;;) {
    co_await engine_.delay(kWatch);
    settle_memory();
  }
}

void RunningHost::settle_memory() {
  for (Vm& vm : vms_) {
    pressure_->touched(vm.in_memory, pages(resident(*vm.description) - vm.placement.untouched()));
  }
  pressure_->hold(pages(description_.vmm.host_memory + vmm_memory()));
  pressure_->step(sim::seconds(kWatch));
  const double copy_s = sim::seconds(description_.vmm.copy_on_write);
  // A block that was reported is cleared for its next use, in one fault.
  const double block_s = copy_s + kBlockPages * memory::kPage_B / kClear_Bps;
  for (Vm& vm : vms_) {
    follow_merging(vm);
    const double fault_s = pressure_->copied(vm.in_memory) * copy_s +
                           pressure_->refaulted(vm.in_memory) / kBlockPages * block_s;
    if (fault_s <= 0) continue;
    for (const int id : vm.vcpus) {
      Worker& worker = workers_[at(id)];
      book(worker);
      worker.progress.owe_faults(sim::from_seconds(fault_s / static_cast<double>(vm.vcpus.size())));
      if (!worker.polling) arm(worker);
    }
  }
  for (const memory::Killed& killed : pressure_->take_killed()) kill(killed.vm, killed.reason);
}

void RunningHost::kill(int index, const std::string& reason) {
  Vm& vm = vms_[at(index)];
  Kind& kind = kinds_[at(vm.kind)];
  ++kind.killed;
  notes_.push_back(fmt::format("{:.1f} s: vm.{} {} was killed: {}",
                               sim::seconds(engine_.now() - sim::kStart), vm.description->name,
                               index - kind.vms.front(), reason));
  silence(index);
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

void RunningHost::start_memory() {
  if (pressure_) {
    age_pressure();
    settle_memory();
    engine_.spawn(watch_memory());
    if (ksmd_ >= 0) engine_.spawn(merge_pages());
    if (ksmd_ >= 0 && description_.vmm.ksm.tuned) engine_.spawn(tune_merging());
  }
  huge_->start();
  numa_->start();
  numad_->start();
}

void RunningHost::report_memory(const RunLength& length, Results& results) const {
  if (!pressure_) return;
  const double measured_s = sim::seconds(length.duration);
  const auto put = [&](const std::string& name, double value) {
    results.metrics.push_back({name, value});
  };
  for (const Kind& kind : kinds_) {
    double present = 0, swapped = 0, ballooned = 0, reported = 0, merged = 0, faults = 0, room = 0;
    for (const int index : kind.vms) {
      const Vm& vm = vms_[at(index)];
      present += pressure_->present(vm.in_memory);
      swapped += pressure_->swapped(vm.in_memory);
      ballooned += pressure_->ballooned(vm.in_memory);
      reported += pressure_->reported(vm.in_memory);
      room += pressure_->room(vm.in_memory);
      merged += pressure_->merged(vm.in_memory);
      for (const int id : vm.vcpus) faults += static_cast<double>(workers_[at(id)].faults);
    }
    const double vms = static_cast<double>(kind.vms.size());
    const std::string object = "vm." + kind.description->name;
    put(object + ".memory.present", present / vms * memory::kPage_B);
    put(object + ".memory.swapped", swapped / vms * memory::kPage_B);
    put(object + ".memory.ballooned", ballooned / vms * memory::kPage_B);
    put(object + ".memory.reported", reported / vms * memory::kPage_B);
    put(object + ".memory.room", room / vms);
    put(object + ".memory.merged", merged / vms * memory::kPage_B);
    put(object + ".faults", faults / measured_s / vms);
    put(object + ".killed", kind.killed);
  }
  put("host.elapsed", measured_s);
  put("host.memory.free", pressure_->free() * memory::kPage_B);
  put("host.swap.used", pressure_->swap_used() * memory::kPage_B);
  results.notes.insert(results.notes.end(), notes_.begin(), notes_.end());
  if (ksmd_ < 0) return;
  const memory::KsmCounters counters = pressure_->ksm().counters();
  put("ksm.pages_shared", counters.pages_shared);
  put("ksm.pages_sharing", counters.pages_sharing);
  put("ksm.pages_unshared", counters.pages_unshared);
  put("ksm.pages_volatile", counters.pages_volatile);
  put("ksm.zero_pages", counters.zero_pages);
  put("ksm.full_scans", counters.full_scans);
  put("ksm.pages_scanned", counters.pages_scanned);
  put("ksm.pages_skipped", counters.pages_skipped);
  put("ksm.scanned_a_round", counters.scanned_a_round);
  put("ksm.pages_to_scan", pressure_->ksm_pages());
  put("ksm.general_profit", counters.general_profit_B);
  const guest::Causes causes = workers_[at(ksmd_)].progress.seconds();
  double cpu_s = 0;
  for (std::size_t c = 0; c < causes.size(); ++c) {
    if (c != static_cast<std::size_t>(Cause::idle) && c != static_cast<std::size_t>(Cause::steal))
      cpu_s += causes[c];
  }
  put("ksm.cpu", cpu_s / measured_s);
}

}  // namespace models
