#include "scenarios/what_if.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/host.hpp"
#include "scenarios/keys.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

using models::NumaMode;
using models::PinMode;
using models::VmDescription;

VmDescription& class_of(Scenario& scenario, const std::string& vm) {
  const auto found = std::find_if(scenario.host.vms.begin(), scenario.host.vms.end(),
                                  [&](const VmDescription& own) { return own.name == vm; });
  if (found == scenario.host.vms.end()) throw sim::ModelError{"no VM class " + vm};
  return *found;
}

bool possible(const Scenario& scenario) {
  try {
    models::check(scenario.host);
    return true;
  } catch (const sim::ConfigError&) {
    return false;
  }
}

class Remedies {
 public:
  Remedies(const Scenario& scenario, std::string vm) : scenario_{scenario}, vm_{std::move(vm)} {}

  std::vector<Change> all() {
    const auto nodes = scenario_.host.hardware.sockets * scenario_.host.hardware.nodes_per_socket;
    pin(PinMode::core, "core", "pin each vCPU to a hardware thread of its own");
    if (nodes > 1) {
      pin(PinMode::node, "node", "pin each VM to one NUMA node");
      numa(NumaMode::interleave, "interleave", "spread its memory over all nodes");
    }
    memory();
    synchronisation();
    fewer();
    for (const VmDescription& other : scenario_.host.vms) {
      if (other.name != vm_) without_class(other.name);
    }
    return std::move(changes_);
  }

 private:
  void add(std::string name, std::string words, Scenario scenario) {
    if (possible(scenario))
      changes_.push_back({std::move(name), std::move(words), std::move(scenario)});
  }

  void pin(PinMode mode, const char* value, const char* words) {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    if (own.pin.mode == mode) return;
    own.pin = {.mode = mode, .cpus = {}};
    add(fmt::format("vm.{}.pin = \"{}\"", vm_, value), words, std::move(other));
  }

  void numa(NumaMode mode, const char* value, const char* words) {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    if (own.numa.mode == mode) return;
    own.numa = {.mode = mode, .nodes = {}};
    add(fmt::format("vm.{}.numa = \"{}\"", vm_, value), words, std::move(other));
  }

  // What lets more memory be promised than there is, and what of it hurts.
  void memory() {
    Scenario base = scenario_;
    const VmDescription& own = class_of(base, vm_);
    if (models::memory_may_run_short(scenario_.host) && !scenario_.host.vmm.ksm.run) {
      Scenario other = scenario_;
      other.host.vmm.ksm.run = true;
      add("vmm.ksm.run = true", "merge equal pages", std::move(other));
    }
    if (own.balloon.mode != models::BalloonMode::none) {
      Scenario other = scenario_;
      class_of(other, vm_).balloon.mode = models::BalloonMode::none;
      add(fmt::format("vm.{}.balloon.mode = \"none\"", vm_), "leave it its memory",
          std::move(other));
    }
    if (own.host_pages.coverage < 1.0 && own.workload.pages.any()) {
      Scenario other = scenario_;
      class_of(other, vm_).host_pages.coverage = 1.0;
      add(fmt::format("vm.{}.host_pages.coverage = 1", vm_), "reserve hugepages for it",
          std::move(other));
    }
  }

  void synchronisation() {
    Scenario base = scenario_;
    const VmDescription& own = class_of(base, vm_);
    if (own.workload.sync.flush_every.count() > 0 && !own.kvm_features.pv_tlb_flush) {
      Scenario other = scenario_;
      class_of(other, vm_).kvm_features.pv_tlb_flush = true;
      add(fmt::format("vm.{}.kvm_features.pv_tlb_flush = true", vm_),
          "let the host flush TLBs of vCPUs without a CPU", std::move(other));
    }
    if (own.workload.sync.lock_every.count() > 0 && !own.kvm_features.pv_unhalt) {
      Scenario other = scenario_;
      class_of(other, vm_).kvm_features.pv_unhalt = true;
      add(fmt::format("vm.{}.kvm_features.pv_unhalt = true", vm_), "let waiters for a lock sleep",
          std::move(other));
    }
  }

  void fewer() {
    Scenario other = scenario_;
    VmDescription& own = class_of(other, vm_);
    const int before = own.count;
    own.count -= std::max(1, before / 4);
    if (own.count < 1) return;
    add(fmt::format("vm.{}.count = {}", vm_, own.count),
        fmt::format("{} of them instead of {}", own.count, before), std::move(other));
  }

  void without_class(const std::string& neighbour) {
    Scenario other = scenario_;
    std::erase_if(other.host.vms, [&](const VmDescription& vm) { return vm.name == neighbour; });
    add(fmt::format("no vm.{}", neighbour), fmt::format("move the {} VMs elsewhere", neighbour),
        std::move(other));
  }

  const Scenario& scenario_;
  std::string vm_;
  std::vector<Change> changes_;
};

// The mechanism's absence, in words.
std::string_view absence(models::Mechanism mechanism) {
  switch (mechanism) {
    case models::Mechanism::remote_latency:
      return "remote memory is as near as local";
    case models::Mechanism::link_bandwidth:
      return "links never queue";
    case models::Mechanism::controller_queueing:
      return "memory controllers never queue";
    case models::Mechanism::llc_sharing:
      return "each vCPU has the whole last-level cache";
    case models::Mechanism::cold_caches:
      return "switches and moves leave caches warm";
    case models::Mechanism::balancing_migrations:
      return "vCPUs stay where they first ran";
    case models::Mechanism::smt:
      return "sibling threads do not slow each other";
    case models::Mechanism::frequency_scaling:
      return "cores always run at their highest clock";
    case models::Mechanism::turbo:
      return "the clock stays nominal";
    case models::Mechanism::switch_cost:
      return "switching threads takes no time";
    case models::Mechanism::emulation:
      return "I/O needs no emulator thread";
    case models::Mechanism::page_walks:
      return "address translation costs nothing";
    case models::Mechanism::nested_walks:
      return "guests walk page tables in one dimension, as processes do";
    case models::Mechanism::exits:
      return "VM exits cost nothing";
    case models::Mechanism::ticks:
      return "clocks do not tick";
    case models::Mechanism::ksm:
      return "no pages are merged, and none is scanned";
    case models::Mechanism::swap_in:
      return "swapped pages are back at once";
    case models::Mechanism::async_page_faults:
      return "a vCPU waits for each page on swap";
    case models::Mechanism::locks:
      return "vCPUs never wait for each other";
    case models::Mechanism::co_scheduling:
      return "no vCPU is stopped for another one to catch up";
    case models::Mechanism::pause_loop_exits:
      return "spinning vCPUs keep their CPUs";
    case models::Mechanism::halt_polling:
      return "halted vCPUs sleep at once";
    case models::Mechanism::numa_balancing:
      return "memory stays where it was first touched";
    case models::Mechanism::first_touch:
      return "memory of guests that boot is there already";
    case models::Mechanism::cache_allocation:
      return "all ways of the last-level cache are everybody's";
    case models::Mechanism::pcie:
      return "PCI Express carries cards' data at once";
  }
  throw sim::ModelError{"unknown mechanism"};
}

}  // namespace

std::vector<Change> mechanisms_off(const Scenario& scenario) {
  std::vector<Change> all;
  for (const models::Mechanism mechanism : mechanisms()) {
    if (scenario.host.without.contains(mechanism)) continue;
    Change change{std::string{name(mechanism)}, std::string{absence(mechanism)}, scenario};
    change.scenario.host.without.insert(mechanism);
    all.push_back(std::move(change));
  }
  return all;
}

std::vector<Change> remedies(const Scenario& scenario, const std::string& vm) {
  return Remedies{scenario, vm}.all();
}

Gains gains(const Scenario& scenario, const std::vector<Change>& changes, const std::string& vm,
            const RunOptions& options, const Model& model) {
  Study study;
  study.file = "what-if";
  study.settings = scenario.study;
  study.baseline = 0;
  study.points.push_back({{{"change", std::string{"none"}}}, scenario});
  for (const Change& change : changes)
    study.points.push_back({{{"change", change.name}}, change.scenario});
  const StudyResults results = run(study, options, model);

  Gains all;
  all.interrupted = results.interrupted;
  const std::string metric = "vm." + vm + ".throughput.relative";
  for (const Change& change : changes) {
    const Coordinates at{{"change", change.name}};
    for (const PointResults& point : results.points) {
      if (point.at != at) continue;
      for (const MetricEstimate& known : point.metrics) {
        if (known.name != metric) continue;
        const Estimate& ratio = known.estimate;
        all.list.push_back(
            {change.name, change.words, {ratio.value - 1.0, ratio.lo - 1.0, ratio.hi - 1.0}});
      }
    }
  }
  std::stable_sort(all.list.begin(), all.list.end(),
                   [](const Gain& a, const Gain& b) { return a.gain.value > b.gain.value; });
  return all;
}

}  // namespace scenarios
