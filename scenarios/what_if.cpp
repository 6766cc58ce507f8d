#include "scenarios/what_if.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/host.hpp"
#include "models/metric_kind.hpp"
#include "scenarios/alike.hpp"
#include "scenarios/keys.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

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
    case models::Mechanism::paravirtual_locks:
      return "who waits for a spinlock never sleeps";
    case models::Mechanism::co_scheduling:
      return "no vCPU is stopped for another one to catch up";
    case models::Mechanism::pause_loop_exits:
      return "spinning vCPUs keep their CPUs";
    case models::Mechanism::halt_polling:
      return "halted vCPUs sleep at once";
    case models::Mechanism::numa_balancing:
      return "memory stays where it was first touched";
    case models::Mechanism::first_touch:
      return "memory that guests touch first costs nothing";
    case models::Mechanism::cache_allocation:
      return "all ways of the last-level cache are everybody's";
    case models::Mechanism::pcie:
      return "PCI Express carries cards' data at once";
    case models::Mechanism::image_metadata:
      return "disk images are plain files, written before";
    case models::Mechanism::raid_redundancy:
      return "arrays write neither copies nor parity";
    case models::Mechanism::io_scheduling:
      return "disks are given requests as they come";
    case models::Mechanism::io_limits:
      return "no disk of a guest is throttled";
    case models::Mechanism::interrupt_moderation:
      return "the host's NICs interrupt at once";
  }
  throw sim::ModelError{"unknown mechanism"};
}

// Whether a host has what an I/O mechanism is about; of others only a run can tell.
bool has(const models::HostDescription& host, models::Mechanism mechanism) {
  const auto any = [](const auto& list, auto holds) {
    return std::any_of(list.begin(), list.end(), holds);
  };
  const auto any_disk = [&](auto holds) {
    return any(host.vms, [&](const models::VmDescription& vm) { return any(vm.disks, holds); });
  };
  switch (mechanism) {
    case models::Mechanism::pcie:
      return !host.pcie.slots.empty();
    case models::Mechanism::image_metadata:
      return any_disk([](const models::DiskDescription& disk) {
        return disk.image.format != models::storage::image::Format::raw ||
               disk.image.preallocation != models::storage::image::Preallocation::full;
      });
    case models::Mechanism::io_limits:
      return any_disk([](const models::DiskDescription& disk) { return disk.iotune.limits(); });
    case models::Mechanism::raid_redundancy:
      return !host.storage.arrays.empty() || !host.servers.empty();
    case models::Mechanism::io_scheduling:
      return any(host.storage.disks,
                 [](const models::HostDisk& disk) {
                   return disk.queue.scheduler != models::storage::queue::Scheduler::noop;
                 }) ||
             any_disk([](const models::DiskDescription& disk) {
               return disk.queue.scheduler != models::storage::queue::Scheduler::noop;
             }) ||
             !host.servers.empty();
    case models::Mechanism::interrupt_moderation:
      return any(host.nics, [](const models::NicDescription& nic) {
        return nic.nic.moderation.kind != models::network::ModerationKind::none;
      });
    default:
      return true;
  }
}

}  // namespace

std::vector<Change> mechanisms_off(const Scenario& scenario) {
  const models::HostDescription& host = scenario.host;
  std::vector<Change> all;
  for (const models::Mechanism mechanism : mechanisms()) {
    if (host.without.contains(mechanism)) continue;
    const bool there = has(host, mechanism) ||
                       std::any_of(host.others.begin(), host.others.end(),
                                   [&](const auto& other) { return has(other, mechanism); });
    if (!there) continue;
    Change change{std::string{name(mechanism)}, std::string{absence(mechanism)}, scenario};
    change.scenario.host.without.insert(mechanism);
    all.push_back(std::move(change));
  }
  return all;
}

namespace {

// Numbers apart, what befell the VMs with the change alone.
void add_notes(const Change& change, const PointResults& with, const PointResults& without,
               Gains& all) {
  for (const std::string& note : with.notes) {
    const bool known = std::any_of(
        without.notes.begin(), without.notes.end(),
        [&](const std::string& other) { return without_digits(other) == without_digits(note); });
    if (!known) all.notes.push_back(fmt::format("with {}: {}", change.name, note));
  }
}

}  // namespace

Gains gains(const Scenario& scenario, const std::vector<Change>& changes,
            const Criterion& criterion, const RunOptions& options, const Model& model) {
  Study study;
  study.file = "what-if";
  study.settings = scenario.study;
  study.relative = {criterion.metric};
  study.points.push_back({{{"change", std::string{"none"}}}, scenario});
  for (const Change& change : changes)
    study.points.push_back({{{"change", change.name}}, change.scenario});
  study.baseline.assign(study.points.size(), 0);
  const StudyResults results = run(study, options, model);

  Gains all;
  all.interrupted = results.interrupted;
  const std::string metric = fmt::format("vm.{}.{}.relative", criterion.vm, criterion.metric);
  for (const Change& change : changes) {
    const Coordinates at{{"change", change.name}};
    for (const PointResults& point : results.points) {
      if (point.at != at) continue;
      add_notes(change, point, results.points.front(), all);
      for (const MetricEstimate& known : point.metrics) {
        if (known.name != metric) continue;
        const Estimate& ratio = known.estimate;
        all.list.push_back(
            {change.name, change.words, {ratio.value - 1.0, ratio.lo - 1.0, ratio.hi - 1.0}});
      }
    }
  }
  const double sign = models::better(metric) == models::Better::less ? -1.0 : 1.0;
  std::stable_sort(all.list.begin(), all.list.end(), [&](const Gain& a, const Gain& b) {
    return sign * a.gain.value > sign * b.gain.value;
  });
  return all;
}

}  // namespace scenarios
