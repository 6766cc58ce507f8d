#include "models/memory_pressure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/guest_placement.hpp"
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

bool merges(const HostDescription& host) {
  return host.vmm.ksm.run && !host.without.contains(Mechanism::ksm);
}

memory::HostMemoryConfig memory_config(const topology::Topology& topology,
                                       const HostDescription& host) {
  const topology::Description& d = topology.description();
  memory::KsmTunables ksm = host.vmm.ksm;
  ksm.run = merges(host);
  return {.pages = pages(topology::all_memory(d)),
          .host_pages = pages(host.vmm.host_memory),
          .swap_pages = pages(d.swap.size),
          .swap_out_per_s = d.swap.write_rate.count() / memory::kPage_B,
          .swap_in_per_s = d.swap.latency > sim::Duration::zero()
                               ? d.swap.parallel / sim::seconds(d.swap.latency)
                               : std::numeric_limits<double>::infinity(),
          .memory_latency_s = sim::seconds(d.controller.latency),
          .nodes = topology.memories(),
          .ksm = ksm};
}

}  // namespace

bool memory_may_run_short(const HostDescription& host) {
  if (host.vmm.ksm.run || host.hardware.swap.size.count() > 0) return true;
  return std::any_of(host.vms.begin(), host.vms.end(), [](const VmDescription& vm) {
    return vm.balloon.mode != BalloonMode::none || vm.balloon.reporting ||
           vm.memory_tune.limit.count() > 0 || vm.memory_tune.shares > 0;
  });
}

MemoryPressure::MemoryPressure(RunningHost& host)
    : host_{host},
      memory_{memory_config(host.topology_, host.description_)},
      swap_{host.engine_, host.topology_.description().swap.parallel} {
  for (RunningVm& vm : host_.vms_)
    vm.in_memory = memory_.add(guest_memory(*vm.description, host_.description_.vmm.architecture));
  if (!merges(host_.description_)) return;
  const scheduler::GroupId group =
      host_.scheduler_->add_group(scheduler::GroupConfig{.shares = kKsmdShares});
  ksmd_ = host_.add_worker(-1, {}, group);
  constexpr double kUnit_s = RunningHost::kEmulatorUnit_s;
  host_.workers_[at(ksmd_)].progress.pace({.by_cause = {kUnit_s}, .total_s = kUnit_s});
}

sim::Engine& MemoryPressure::engine() {
  return host_.engine_;
}

std::vector<double> MemoryPressure::accesses(const RunningVm& vm) const {
  return memory_.accesses(vm.in_memory, vm.placement.shares());
}

// ksmd: a batch of pages, then sleep.
sim::Process MemoryPressure::merge() {
  // A sleep in jiffies ends with the tick after its last one.
  const sim::Duration jiffy{1'000'000'000'000 / std::max(1, host_.description_.vmm.host_tick_hz)};
  for (;;) {
    if (memory_.ksm_runs()) {
      const double cpu_s = memory_.scan(sim::seconds(host_.engine_.now() - sim::kStart));
      co_await host_.emulate(ksmd_, sim::from_seconds(cpu_s), -1);
    }
    co_await host_.engine_.delay(memory_.ksm_sleep() + jiffy);
  }
}

sim::Process MemoryPressure::tune_merging() {
  memory::KsmTuned tuned{pages(topology::all_memory(host_.topology_.description())) *
                         memory::kPage_B / 1024.0};
  for (;;) {
    memory_.tune_ksm(tuned);
    co_await host_.engine_.delay(sim::from_seconds(memory::KsmTuned::kInterval_s));
  }
}

// What the host's memory has come to by the time that the guests have run for their age: they were
// started one after the other in the first half of it. Scanner, reclaim and swap go on as they do
// later, but take no CPU from anybody.
void MemoryPressure::age() {
  double age_s = 0.0;
  std::size_t aged = 0;
  for (const RunningVm& vm : host_.vms_) {
    age_s = std::max(age_s, sim::seconds(vm.description->age));
    aged += vm.description->age > sim::Duration::zero();
  }
  if (aged == 0) return;
  const double tick_s = 1.0 / std::max(1, host_.description_.vmm.host_tick_hz);
  const double step_s = std::max(1.0, age_s / kMostAgeingSteps);
  memory::KsmTuned tuned{pages(topology::all_memory(host_.topology_.description())) *
                         memory::kPage_B / 1024.0};
  double tuned_at_s = 0.0;
  for (const RunningVm& vm : host_.vms_) memory_.lie(vm.in_memory, vm.placement.shares());
  memory_.hold(pages(host_.description_.vmm.host_memory + host_.vmm_memory()));
  for (double now_s = 0.0; now_s < age_s; now_s += step_s) {
    std::size_t started = 0;
    for (const RunningVm& vm : host_.vms_) {
      if (vm.description->age == sim::Duration::zero()) continue;
      const double start_s =
          0.5 * age_s * static_cast<double>(started++) / static_cast<double>(aged);
      if (now_s >= start_s) memory_.touched(vm.in_memory, pages(resident(*vm.description)));
    }
    if (ksmd_ >= 0 && host_.description_.vmm.ksm.tuned && now_s >= tuned_at_s) {
      memory_.tune_ksm(tuned);
      tuned_at_s += memory::KsmTuned::kInterval_s;
    }
    memory_.scan_for(step_s, now_s - age_s, tick_s);
    memory_.use(step_s);
    memory_.step(step_s);
    for (const memory::Killed& killed : memory_.take_killed())
      kill(killed.vm,
           fmt::format("{:.0f} s before the run began, {}", age_s - now_s, killed.reason));
  }
}

sim::Process MemoryPressure::watch() {
  for (;;) {
    co_await host_.engine_.delay(kWatch);
    settle();
  }
}

void MemoryPressure::settle() {
  for (RunningVm& vm : host_.vms_) {
    memory_.touched(vm.in_memory, pages(resident(*vm.description) - vm.placement.untouched()));
  }
  memory_.hold(pages(host_.description_.vmm.host_memory + host_.vmm_memory()));
  memory_.step(sim::seconds(kWatch));
  const double copy_s = sim::seconds(host_.description_.vmm.copy_on_write);
  // A block that was reported is cleared for its next use, in one fault.
  const double block_s = copy_s + kBlockPages * memory::kPage_B / kClear_Bps;
  for (RunningVm& vm : host_.vms_) {
    follow_merging(vm);
    const double fault_s = memory_.copied(vm.in_memory) * copy_s +
                           memory_.refaulted(vm.in_memory) / kBlockPages * block_s;
    if (fault_s <= 0) continue;
    for (const int id : vm.vcpus) {
      Worker& worker = host_.workers_[at(id)];
      host_.book(worker);
      worker.progress.owe_faults(sim::from_seconds(fault_s / static_cast<double>(vm.vcpus.size())));
      if (!worker.polling) host_.arm(worker);
    }
  }
  for (const memory::Killed& killed : memory_.take_killed()) kill(killed.vm, killed.reason);
}

// Merged pages lie where the first of them lay.
void MemoryPressure::follow_merging(RunningVm& vm) {
  constexpr double kNoticed = 0.005;  // of the accesses: less moves no pace
  memory_.lie(vm.in_memory, vm.placement.shares());
  const std::vector<double> now = accesses(vm);
  double moved = 0.0;
  for (std::size_t n = 0; n < now.size(); ++n)
    moved += std::abs(now[n] - (n < vm.accesses.size() ? vm.accesses[n] : 0.0));
  if (moved > kNoticed) host_.placement_->place(vm);
}

void MemoryPressure::kill(int index, const std::string& reason) {
  RunningVm& vm = host_.vms_[at(index)];
  VmKind& kind = host_.kinds_[at(vm.kind)];
  ++kind.killed;
  notes_.push_back(fmt::format("{:.1f} s: vm.{} {} was killed: {}",
                               sim::seconds(host_.engine_.now() - sim::kStart),
                               vm.description->name, index - kind.vms.front(), reason));
  host_.silence(index);
}

void MemoryPressure::start() {
  age();
  settle();
  host_.engine_.spawn(watch());
  if (ksmd_ < 0) return;
  host_.engine_.spawn(merge());
  if (host_.description_.vmm.ksm.tuned) host_.engine_.spawn(tune_merging());
}

void MemoryPressure::report(const RunLength& length, Results& results) const {
  const double measured_s = sim::seconds(length.duration);
  const auto put = [&](const std::string& name, double value) {
    results.metrics.push_back({name, value});
  };
  for (const VmKind& kind : host_.kinds_) {
    double present = 0, swapped = 0, ballooned = 0, reported = 0, merged = 0, faults = 0, room = 0;
    for (const int index : kind.vms) {
      const RunningVm& vm = host_.vms_[at(index)];
      present += memory_.present(vm.in_memory);
      swapped += memory_.swapped(vm.in_memory);
      ballooned += memory_.ballooned(vm.in_memory);
      reported += memory_.reported(vm.in_memory);
      room += memory_.room(vm.in_memory);
      merged += memory_.merged(vm.in_memory);
      for (const int id : vm.vcpus) faults += static_cast<double>(host_.workers_[at(id)].faults);
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
  put("host.memory.free", memory_.free() * memory::kPage_B);
  put("host.swap.used", memory_.swap_used() * memory::kPage_B);
  results.notes.insert(results.notes.end(), notes_.begin(), notes_.end());
  if (ksmd_ < 0) return;
  const memory::KsmCounters counters = memory_.ksm().counters();
  put("ksm.pages_shared", counters.pages_shared);
  put("ksm.pages_sharing", counters.pages_sharing);
  put("ksm.pages_unshared", counters.pages_unshared);
  put("ksm.pages_volatile", counters.pages_volatile);
  put("ksm.zero_pages", counters.zero_pages);
  put("ksm.full_scans", counters.full_scans);
  put("ksm.pages_scanned", counters.pages_scanned);
  put("ksm.pages_skipped", counters.pages_skipped);
  put("ksm.scanned_a_round", counters.scanned_a_round);
  put("ksm.pages_to_scan", memory_.ksm_pages());
  put("ksm.general_profit", counters.general_profit_B);
  const guest::Causes causes = host_.workers_[at(ksmd_)].progress.seconds();
  double cpu_s = 0;
  for (std::size_t c = 0; c < causes.size(); ++c) {
    if (c != static_cast<std::size_t>(Cause::idle) && c != static_cast<std::size_t>(Cause::steal))
      cpu_s += causes[c];
  }
  put("ksm.cpu", cpu_s / measured_s);
}

}  // namespace models
