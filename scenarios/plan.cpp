#include "scenarios/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "scenarios/journal.hpp"

namespace scenarios {

namespace {

Scenario alone(const Scenario& scenario, std::size_t vm_class) {
  Scenario one = scenario;
  one.host.vms = {scenario.host.vms[vm_class]};
  one.host.vms.front().count = 1;
  // Whom it talks to is there, too.
  const std::string peer = one.host.vms.front().workload.net.peer;
  const auto is_peer = [&](const models::VmDescription& vm) { return vm.name == peer; };
  std::copy_if(scenario.host.vms.begin(), scenario.host.vms.end(), std::back_inserter(one.host.vms),
               is_peer);
  std::erase_if(one.host.others, [&](models::HostDescription& other) {
    std::erase_if(other.vms, [&](const models::VmDescription& vm) { return !is_peer(vm); });
    return other.vms.empty();
  });
  one.host.migrations.clear();
  return one;
}

std::vector<std::size_t> same_classes(const Scenario& scenario, const Scenario& baseline,
                                      std::size_t variant) {
  std::vector<std::size_t> base;
  for (const auto& vm : scenario.host.vms) {
    const bool there = std::any_of(baseline.host.vms.begin(), baseline.host.vms.end(),
                                   [&](const auto& other) { return other.name == vm.name; });
    base.push_back(there ? variant : kNoBaseline);
  }
  return base;
}

// A class alone on the host is often alike at many points, and may be one of the points.
void add_classes_alone(Plan& plan, const Study& study) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < study.points.size(); ++i)
    known.emplace(run_text(study.points[i].scenario), i);
  for (const Point& point : study.points) {
    auto& base = plan.base.emplace_back();
    for (std::size_t v = 0; v < point.scenario.host.vms.size(); ++v) {
      Scenario one = alone(point.scenario, v);
      const auto [at, added] = known.emplace(run_text(one), plan.variants.size());
      if (added) {
        const std::string where = fmt::format("vm.{} alone", one.host.vms.front().name);
        plan.variants.push_back({std::move(one), where, {}, {}});
      }
      base.push_back(at->second);
    }
  }
}

}  // namespace

Plan make_plan(const Study& study, const RunOptions& options, const Model& model) {
  Plan plan;
  for (const Point& point : study.points)
    plan.variants.push_back({point.scenario, text(point.at), {}, {}});
  if (study.baseline) {
    const Scenario& baseline = study.points.at(*study.baseline).scenario;
    for (const Point& point : study.points)
      plan.base.push_back(same_classes(point.scenario, baseline, *study.baseline));
  } else {
    add_classes_alone(plan, study);
  }
  for (Variant& variant : plan.variants) {
    const StudySettings& settings = variant.scenario.study;
    model.check(variant.scenario.host);
    variant.length.duration = settings.duration;
    variant.length.warmup =
        settings.warmup ? *settings.warmup : model.automatic_warmup(variant.scenario.host);
    if (!options.journal.empty()) variant.run_text = run_text(variant.scenario);
  }
  return plan;
}

}  // namespace scenarios
