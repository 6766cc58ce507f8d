#include "tools/report/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

std::string workload_of(const scenarios::Scenario& scenario, std::string_view object) {
  for (const auto& vm : scenario.host.vms) {
    if (vm.name == class_name(object)) return vm.workload.name;
  }
  return {};
}

// Whether a class does at a point what it does in the baseline; else their units of work differ
// and the slower is no worse off.
bool same_work(const scenarios::Study& study, const scenarios::PointResults& point,
               std::string_view object) {
  if (!study.baseline) return true;
  const auto own = std::find_if(study.points.begin(), study.points.end(),
                                [&](const scenarios::Point& p) { return p.at == point.at; });
  return own != study.points.end() &&
         workload_of(own->scenario, object) ==
             workload_of(study.points.at(*study.baseline).scenario, object);
}

// "With 64 guest VMs, unpinned, each" or "On nehalem-x5570-2s, 8 guest VMs, each".
std::string opening(const std::string& at) {
  if (at.empty()) return "Here each";
  return at.starts_with("on ") ? fmt::format("O{}, each", at.substr(1))
                               : fmt::format("With {}, each", at);
}

std::string because(const std::vector<scenarios::Reason>& reasons) {
  const std::string causes = text(reasons, 3);
  return causes.empty() ? "." : fmt::format("; the extra time is {}.", causes);
}

constexpr double kAlike = 0.9995;  // is shown as 100.0 %

}  // namespace

Slowest slowest(const scenarios::Study& study, const scenarios::StudyResults& results) {
  Slowest found;
  for (const auto& point : results.points) {
    for (std::size_t v = 0; v < point.time.size(); ++v) {
      const scenarios::Estimate* own = relative(point, point.time[v].object);
      if (own == nullptr || (found.relative && found.relative->value <= own->value)) continue;
      if (same_work(study, point, point.time[v].object)) found = {&point, v, own};
    }
  }
  return found;
}

std::string baseline(const scenarios::Study& study) {
  if (!study.baseline) return "one VM of its class alone on the host";
  const std::string at = phrase(study.points.at(*study.baseline).at);
  return at.empty() ? "this scenario" : at;
}

std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results) {
  if (results.points.empty()) return "Nothing was finished.";
  const Slowest found = slowest(study, results);
  if (found.relative == nullptr) return "No VM did work that could be compared with a baseline.";
  const std::string at = phrase(found.point->at);
  const std::string name{class_name(found.point->time[found.vm_class].object)};
  if (found.relative->hi >= kAlike)
    return fmt::format("No VM runs slower than the baseline ({}) by more than the interval.",
                       baseline(study));
  return fmt::format("{} {} VM runs at {} of the baseline ({}){}", opening(at), name,
                     share(*found.relative, found.point->replications), baseline(study),
                     because(found.point->reasons[found.vm_class]));
}

}  // namespace tools::report
