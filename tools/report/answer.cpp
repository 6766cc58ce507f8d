#include "tools/report/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "models/metric_kind.hpp"
#include "tools/report/placed.hpp"
#include "tools/report/why.hpp"
#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

std::string workload_of(const scenarios::Scenario& scenario, std::string_view object) {
  const models::VmDescription* vm = placed(scenario.host, class_name(object)).vm;
  return vm != nullptr ? vm->workload.name : "";
}

// Whether a class does at a point what it does in the baseline; else their units of work differ
// and the slower is no worse off.
bool same_work(const scenarios::Study& study, const scenarios::PointResults& point,
               std::string_view object) {
  if (study.baseline.empty()) return true;
  const scenarios::Point* own = point_of(study, point);
  return own != nullptr &&
         workload_of(own->scenario, object) == workload_of(base_of(study, *own).scenario, object);
}

// "With 64 guest VMs, unpinned, each" or "On nehalem-x5570-2s, 8 guest VMs, each".
std::string opening(const std::string& at, const std::string& of = "each") {
  if (at.empty()) return fmt::format("Here {}", of);
  return at.starts_with("on ") ? fmt::format("O{}, {}", at.substr(1), of)
                               : fmt::format("With {}, {}", at, of);
}

std::string because(const scenarios::Study& study, const Slowest& found) {
  const std::string causes = why(study, *found.point, found.vm_class);
  return causes.empty() ? "." : fmt::format("; the extra time is {}.", causes);
}

// Whether requests come to the class by themselves: what it does in a second is what it is asked
// for, and how long that takes tells how it fares.
bool has_arrivals(const scenarios::Study& study, const scenarios::PointResults& point,
                  std::string_view object) {
  const scenarios::Point* own = point_of(study, point);
  const models::VmDescription* vm =
      own != nullptr ? placed(own->scenario.host, class_name(object)).vm : nullptr;
  return vm != nullptr && vm->workload.arrivals.count() > 0;
}

constexpr double kAlike = 0.9995;  // is shown as 100.0 %
const std::string kThroughput = "throughput";

enum class Classes { all, with_arrivals, without_arrivals };

// Whether an estimate over the baseline's is on the worse side with all of its interval.
bool certainly_worse(const scenarios::Estimate& relative, bool less) {
  return less ? relative.lo > 2.0 - kAlike : relative.hi < kAlike;
}

// The worst by the metric over the baseline's, or by the metric itself: of those that certainly are
// worse than the baseline, if any is.
Slowest worst(const scenarios::Study& study, const scenarios::StudyResults& results,
              const Question& question, bool relative, Classes classes = Classes::all) {
  Slowest found;
  std::pair<bool, double> most;
  for (const auto& point : results.points) {
    for (std::size_t v = 0; v < point.time.size(); ++v) {
      const std::string& object = point.time[v].object;
      if (!question.vm.empty() && class_name(object) != question.vm) continue;
      if (classes != Classes::all &&
          has_arrivals(study, point, object) != (classes == Classes::with_arrivals))
        continue;
      const std::string metric = fmt::format("{}.{}", object, question.metric);
      const scenarios::Estimate* own = find_metric(point, metric + (relative ? ".relative" : ""));
      if (own == nullptr || (relative && !same_work(study, point, object))) continue;
      const bool less = models::better(metric) == models::Better::less;
      const std::pair<bool, double> badness{relative && certainly_worse(*own, less),
                                            less ? own->value : -own->value};
      if (found.point != nullptr && badness <= most) continue;
      most = badness;
      found = {&point, v, own, relative, badness.first, question.metric};
    }
  }
  return found;
}

// Of the classes that do what they can by their throughput, of those whose requests come by
// themselves by how long these take.
struct Worst {
  Slowest slow;
  Slowest late;
};

Worst worst_of_each(const scenarios::Study& study, const scenarios::StudyResults& results,
                    const std::string& vm) {
  return {worst(study, results, {vm, kThroughput}, true, Classes::without_arrivals),
          worst(study, results, {vm, "latency.p99"}, true, Classes::with_arrivals)};
}

// Whether all points are relative to the same.
bool one_baseline(const scenarios::Study& study) {
  return std::adjacent_find(study.baseline.begin(), study.baseline.end(), std::not_equal_to<>{}) ==
         study.baseline.end();
}

// "With 300 vdi VMs, p99 of each vdi VM's requests is 3.20 times that of the baseline (...)."
std::string requests(const scenarios::Study& study, const Slowest& late) {
  const std::string_view name = class_name(late.point->time[late.vm_class].object);
  return fmt::format(
      "{} is {} times that of the baseline ({}).",
      opening(phrase(late.point->at), fmt::format("p99 of each {} VM's requests", name)),
      with_interval(*late.judged, late.point->replications, "factor"),
      baseline(study, *late.point));
}

}  // namespace

Slowest slowest(const scenarios::Study& study, const scenarios::StudyResults& results,
                const Question& question) {
  if (question.metric.empty()) {
    const auto [slow, late] = worst_of_each(study, results, question.vm);
    if (late.point != nullptr && (late.certain > slow.certain || slow.point == nullptr))
      return late;
    return slow.point != nullptr ? slow : slowest(study, results, {question.vm, kThroughput});
  }
  for (const bool relative : {true, false}) {
    const Slowest found = worst(study, results, question, relative);
    if (found.point != nullptr || question.metric == kThroughput) return found;
  }
  return {};
}

std::string baseline(const scenarios::Study& study, const scenarios::PointResults& point) {
  if (study.baseline.empty()) return "one VM of its class alone on the host";
  const scenarios::Point* own = point_of(study, point);
  const std::string at = own != nullptr ? phrase(base_of(study, *own).at) : std::string{};
  return at.empty() ? "this scenario" : at;
}

std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results) {
  if (results.points.empty()) return "Nothing was finished.";
  auto [found, late] = worst_of_each(study, results, "");
  if (late.point == nullptr) found = slowest(study, results, {"", kThroughput});
  if (found.point == nullptr && late.point == nullptr)
    return study.limits.empty() ? "No VM did work that could be compared with a baseline." : "";
  std::string out;
  if (found.certain) out = answer(study, found);
  if (late.certain) out += (out.empty() ? "" : " ") + requests(study, late);
  if (!out.empty()) return out;
  const Slowest& any = found.point == nullptr ? late : found;
  const std::string base = one_baseline(study)
                               ? fmt::format("the baseline ({})", baseline(study, *any.point))
                               : std::string{"its baseline"};
  if (found.point == nullptr)
    return fmt::format("p99 of no VM's requests is above that of {} by more than the interval.",
                       base);
  return fmt::format("No VM runs slower than {} by more than the interval.", base);
}

std::string answer(const scenarios::Study& study, const Slowest& found) {
  const std::string at = phrase(found.point->at);
  const std::string name{class_name(found.point->time[found.vm_class].object)};
  if (found.metric == kThroughput)
    return fmt::format("{} {} VM runs at {} of the baseline ({}){}", opening(at), name,
                       share(*found.judged, found.point->replications),
                       baseline(study, *found.point), because(study, found));
  if (found.relative)
    return fmt::format("{} of {} is {} times that of the baseline ({}).", opening(at, found.metric),
                       name, with_interval(*found.judged, found.point->replications, "factor"),
                       baseline(study, *found.point));
  const std::string metric = fmt::format("vm.{}.{}", name, found.metric);
  return fmt::format(
      "{} of {} is {}; the baseline ({}) has none to compare with.", opening(at, found.metric),
      name, with_interval(*found.judged, found.point->replications, models::unit_of(metric)),
      baseline(study, *found.point));
}

}  // namespace tools::report
