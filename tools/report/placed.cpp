#include "tools/report/placed.hpp"

#include <algorithm>

namespace tools::report {

Placed placed(const models::HostDescription& host, std::string_view name) {
  for (const models::VmDescription& vm : host.vms) {
    if (vm.name == name) return {&host, &vm};
  }
  for (const models::HostDescription& other : host.others) {
    if (const Placed found = placed(other, name); found.vm != nullptr) return found;
  }
  return {};
}

const scenarios::Point* point_of(const scenarios::Study& study,
                                 const scenarios::PointResults& results) {
  const auto own = std::find_if(study.points.begin(), study.points.end(),
                                [&](const scenarios::Point& p) { return p.at == results.at; });
  return own != study.points.end() ? &*own : nullptr;
}

const scenarios::Point& base_of(const scenarios::Study& study, const scenarios::Point& point) {
  const auto i = static_cast<std::size_t>(&point - study.points.data());
  return study.baseline.empty() ? point : study.points.at(study.baseline.at(i));
}

}  // namespace tools::report
