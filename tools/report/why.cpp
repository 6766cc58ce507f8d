#include "tools/report/why.hpp"

#include <algorithm>
#include <string_view>

#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

constexpr std::size_t kMost = 3;

// A VM class of a scenario, and the host that it runs on; null where it is not there.
struct Placed {
  const models::HostDescription* host = nullptr;
  const models::VmDescription* vm = nullptr;
};

Placed placed(const models::HostDescription& host, std::string_view name) {
  for (const models::VmDescription& vm : host.vms) {
    if (vm.name == name) return {&host, &vm};
  }
  for (const models::HostDescription& other : host.others) {
    if (const Placed found = placed(other, name); found.vm != nullptr) return found;
  }
  return {};
}

// Nobody else need have run where a VM had used up what it is allowed.
bool throttled(const models::VmDescription& vm) {
  return vm.cputune.global_quota.count() > 0 || vm.limit.count() > 0;
}

Terms terms(const Placed& own) {
  Terms terms;
  if (throttled(*own.vm)) terms.steal = "steal and throttling";
  return terms;
}

}  // namespace

std::string why(const scenarios::Study& study, const scenarios::PointResults& point,
                std::size_t vm_class) {
  const std::string_view name = class_name(point.time[vm_class].object);
  Placed own;
  for (const scenarios::Point& one : study.points) {
    if (one.at == point.at) own = placed(one.scenario.host, name);
  }
  return text(point.reasons[vm_class], kMost, own.vm != nullptr ? terms(own) : Terms{});
}

}  // namespace tools::report
