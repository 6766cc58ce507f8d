#include "tools/report/why.hpp"

#include <algorithm>
#include <string_view>

#include "tools/report/placed.hpp"
#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

constexpr std::size_t kMost = 3;

// Nobody else need have run where a VM had used up what it is allowed.
bool throttled(const models::VmDescription& vm) {
  return vm.cputune.global_quota.count() > 0 || vm.limit.count() > 0;
}

// The fastest clock of the host's cores over the slowest.
double clock_span(const models::HostDescription& host) {
  const models::topology::Description& hardware = host.hardware;
  double highest = hardware.frequency.count();
  double lowest = highest;
  if (!host.without.contains(models::Mechanism::turbo) && !hardware.turbo.empty()) {
    const auto [least, most] = std::minmax_element(hardware.turbo.begin(), hardware.turbo.end());
    lowest = least->count();
    highest = most->count();
  }
  if (hardware.governor != models::topology::Governor::performance &&
      !host.without.contains(models::Mechanism::frequency_scaling))
    lowest = std::min(lowest, hardware.lowest_frequency.count());
  return lowest > 0.0 ? highest / lowest : 1.0;
}

// Instructions and cache hits take as long on both hosts, at one clock.
bool same_core(const models::HostDescription& a, const models::HostDescription& b) {
  const models::topology::Description& one = a.hardware;
  const models::topology::Description& other = b.hardware;
  return one.name == other.name && one.frequency == other.frequency && one.turbo == other.turbo &&
         one.governor == other.governor && one.lowest_frequency == other.lowest_frequency &&
         one.l2.latency == other.l2.latency && one.llc.latency == other.llc.latency &&
         a.without == b.without;
}

// A unit is counted in instructions of the process; what its guest's kernel does for its I/O and
// packets comes on top, and depends on the devices that it has.
bool calls_devices(const models::workload::Description& work) {
  return work.io.any() || !work.tests.empty() || work.net.any() || work.boot.any();
}

std::string_view running_term(const Placed& own, const Placed& base, double times) {
  constexpr double kRounding = 1.01;
  const bool same = same_core(*own.host, *base.host);
  const double span = clock_span(*own.host);
  const auto& work = own.vm->workload;
  const bool more = calls_devices(work) || work.unit != base.vm->workload.unit;
  const bool slower = !same || (span > 1.0 && (!more || times <= span * kRounding));
  if (slower && more) return "slower core or more work";
  if (slower) return "slower core";
  return more ? "more work per unit" : "running";
}

const scenarios::Reason* find_running(const std::vector<scenarios::Reason>& reasons) {
  const auto found = std::find_if(reasons.begin(), reasons.end(), [](const auto& reason) {
    return reason.cause == models::Cause::running;
  });
  return found != reasons.end() ? &*found : nullptr;
}

}  // namespace

std::string why(const scenarios::Study& study, const scenarios::PointResults& point,
                std::size_t vm_class) {
  const std::vector<scenarios::Reason>& reasons = point.reasons[vm_class];
  const std::string_view name = class_name(point.time[vm_class].object);
  const scenarios::Point* at = point_of(study, point);
  const Placed own = at != nullptr ? placed(at->scenario.host, name) : Placed{};
  Terms terms;
  terms.running = "running";
  if (own.vm != nullptr) {
    if (throttled(*own.vm)) terms.steal = "steal and throttling";
    // Alone on the host it is what it is at the point.
    const Placed base =
        study.baseline.empty() ? own : placed(base_of(study, *at).scenario.host, name);
    const scenarios::Reason* running = find_running(reasons);
    if (base.vm != nullptr && running != nullptr && running->times > 0.0)
      terms.running = running_term(own, base, running->times);
  }
  return text(reasons, kMost, terms);
}

}  // namespace tools::report
