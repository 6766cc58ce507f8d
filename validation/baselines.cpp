#include "validation/baselines.hpp"

#include <algorithm>
#include <string>

#include "validation/prediction.hpp"

namespace validation {

namespace {

// Cycles a second that one VM uses when it has the host for itself.
double demand_Hz(const models::VmDescription& vm, double clock_Hz) {
  const models::workload::Description& work = vm.workload;
  if (work.burst.count() == 0) return work.idle ? 0.0 : vm.vcpus * clock_Hz;
  const double burst_s = static_cast<double>(work.burst.count()) * work.profile.base_cpi / clock_Hz;
  return vm.vcpus * clock_Hz * burst_s / (burst_s + sim::seconds(work.block));
}

int cpus(const models::topology::Description& hardware) {
  return hardware.sockets * hardware.nodes_per_socket * hardware.cores_per_node *
         hardware.threads_per_core;
}

// Weighted max-min: raise a water level until the capacity is used; who wants less than its
// weight times the level gets what it wants.
std::vector<double> max_min(const std::vector<models::VmDescription>& vms,
                            const std::vector<double>& demand, double capacity) {
  std::vector<std::size_t> order(vms.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto level_needed = [&](std::size_t i) { return demand[i] / vms[i].shares; };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return level_needed(a) < level_needed(b); });
  double weight = 0.0;
  for (const auto& vm : vms) weight += static_cast<double>(vm.shares) * vm.count;

  std::vector<double> given(vms.size(), 0.0);
  for (std::size_t i : order) {
    const double level = std::min(level_needed(i), capacity / weight);
    given[i] = level * vms[i].shares;
    capacity -= given[i] * vms[i].count;
    weight -= static_cast<double>(vms[i].shares) * vms[i].count;
  }
  return given;
}

struct VmMetric {
  std::string_view vm;
  std::string_view quantity;
};

// "vm.guest.throughput.relative" is VM class "guest", quantity "throughput.relative".
std::optional<VmMetric> vm_metric(std::string_view metric) {
  constexpr std::string_view kPrefix = "vm.";
  if (!metric.starts_with(kPrefix)) return std::nullopt;
  metric.remove_prefix(kPrefix.size());
  const auto dot = metric.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return VmMetric{metric.substr(0, dot), metric.substr(dot + 1)};
}

std::optional<std::size_t> class_named(const models::HostDescription& host, std::string_view vm) {
  for (std::size_t i = 0; i < host.vms.size(); ++i) {
    if (host.vms[i].name == vm) return i;
  }
  return std::nullopt;
}

// The host with only one VM of a class on it: what relative figures refer to without a baseline.
models::HostDescription alone(models::HostDescription host, std::size_t vm) {
  models::VmDescription only = host.vms[vm];
  only.count = 1;
  host.vms = {only};
  return host;
}

double throughput_of(const models::HostDescription& host, std::string_view vm) {
  const auto index = class_named(host, vm);
  return index ? fluid_throughput(host)[*index] : 0.0;
}

std::optional<double> fluid_metric(const MetricAt& wanted, const scenarios::Study& study) {
  const auto metric = vm_metric(wanted.metric);
  const auto point = find_point(study, wanted.at);
  if (!metric || !point) return std::nullopt;
  const models::HostDescription& host = study.points[*point].scenario.host;
  const auto index = class_named(host, metric->vm);
  if (!index) return std::nullopt;
  const double throughput = fluid_throughput(host)[*index];
  if (metric->quantity == "throughput") return throughput;
  if (metric->quantity != "throughput.relative") return std::nullopt;
  const double base =
      study.baseline.empty()
          ? throughput_of(alone(host, *index), metric->vm)
          : throughput_of(study.points[study.baseline[*point]].scenario.host, metric->vm);
  if (base <= 0.0) return std::nullopt;
  return throughput / base;
}

std::optional<double> thumb_metric(const MetricAt& wanted, const scenarios::Study& study) {
  const auto metric = vm_metric(wanted.metric);
  const auto point = find_point(study, wanted.at);
  if (!metric || !point || metric->quantity != "throughput.relative") return std::nullopt;
  const double performance = rule_of_thumb_performance(study.points[*point].scenario.host);
  if (study.baseline.empty()) return performance;
  return performance /
         rule_of_thumb_performance(study.points[study.baseline[*point]].scenario.host);
}

// An absolute rate would rest on our profile's instructions, which the user of a fluid model does
// not have; what it claims to know is ratios.
bool is_ratio(const Check& check) {
  if (check.difference) return false;
  return check.relative_to.has_value() || check.predicted.metric.ends_with(".relative");
}

using Predictor = std::optional<double> (*)(const MetricAt&, const scenarios::Study&);

std::optional<double> predict_with(Predictor predictor, const Check& check,
                                   const scenarios::Study& study) {
  if (!is_ratio(check)) return std::nullopt;
  auto value = predictor(check.predicted, study);
  if (value && check.relative_to) {
    const auto base = predictor(*check.relative_to, study);
    if (!base || *base == 0.0) return std::nullopt;
    *value /= *base;
  }
  if (!value || (check.inverse && *value == 0.0)) return std::nullopt;
  return in_recorded_unit(check, *value);
}

}  // namespace

std::vector<double> fluid_throughput(const models::HostDescription& host) {
  const double clock_Hz = host.hardware.frequency.count();
  std::vector<double> demand;
  for (const auto& vm : host.vms) demand.push_back(demand_Hz(vm, clock_Hz));
  std::vector<double> throughput = max_min(host.vms, demand, cpus(host.hardware) * clock_Hz);
  for (std::size_t i = 0; i < throughput.size(); ++i) {
    const models::workload::Description& work = host.vms[i].workload;
    throughput[i] /= work.profile.base_cpi * static_cast<double>(work.unit.count());
  }
  return throughput;
}

double rule_of_thumb_performance(const models::HostDescription& host) {
  constexpr double kGuestsPerCore = 5.0;
  const int cores = cpus(host.hardware) / host.hardware.threads_per_core;
  double vcpus = 0.0;
  for (const auto& vm : host.vms) vcpus += static_cast<double>(vm.vcpus) * vm.count;
  return vcpus > 0.0 ? std::min(1.0, kGuestsPerCore * cores / vcpus) : 1.0;
}

std::optional<double> fluid_cpu(const Check& check, const scenarios::Study& study) {
  return predict_with(fluid_metric, check, study);
}

std::optional<double> rule_of_thumb(const Check& check, const scenarios::Study& study) {
  return predict_with(thumb_metric, check, study);
}

}  // namespace validation
