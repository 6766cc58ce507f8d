#include "scenarios/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "scenarios/journal.hpp"
#include "scenarios/keys.hpp"
#include "scenarios/sweep.hpp"

namespace scenarios {

namespace {

// A VM class of [host] or of another host of the cluster, which becomes [host]. Whom it talks to is
// there, too, be it another VM of the class.
Scenario alone(const Scenario& scenario, const models::HostDescription& host,
               const models::VmDescription& vm) {
  const auto is_peer = [&](const models::VmDescription& other) {
    return other.name == vm.workload.net.peer;
  };
  std::vector<models::HostDescription> others;
  if (&host != &scenario.host) {
    models::HostDescription& first = others.emplace_back(scenario.host);
    first.name = host.name;
    first.others.clear();
    first.migrations.clear();
  }
  for (const models::HostDescription& other : scenario.host.others) {
    if (&other != &host) others.push_back(other);
  }
  std::erase_if(others, [&](models::HostDescription& other) {
    std::erase_if(other.vms, [&](const models::VmDescription& one) { return !is_peer(one); });
    return other.vms.empty();
  });
  Scenario one = scenario;
  one.host = host;
  one.host.name = scenario.host.name;
  one.host.without = scenario.host.without;
  one.host.network = scenario.host.network;
  one.host.servers = scenario.host.servers;
  one.host.clients = scenario.host.clients;
  one.host.vms = {vm};
  one.host.vms.front().count = vm.workload.net.partner == models::workload::Partner::guest ? 2 : 1;
  one.host.vms.front().on.clear();
  std::copy_if(host.vms.begin(), host.vms.end(), std::back_inserter(one.host.vms), is_peer);
  one.host.others = std::move(others);
  one.host.migrations.clear();
  return one;
}

std::vector<std::size_t> same_classes(const Scenario& scenario, const Scenario& baseline,
                                      std::size_t variant) {
  std::set<std::string> there;
  for (const models::VmDescription& vm : baseline.host.vms) there.insert(vm.name);
  for (const models::HostDescription& other : baseline.host.others)
    for (const models::VmDescription& vm : other.vms) there.insert(vm.name);
  std::vector<std::size_t> base;
  const auto add = [&](const models::HostDescription& host) {
    for (const models::VmDescription& vm : host.vms)
      base.push_back(there.contains(vm.name) ? variant : kNoBaseline);
  };
  add(scenario.host);
  for (const models::HostDescription& other : scenario.host.others) add(other);
  return base;
}

// A class alone on the host is often alike at many points, and may be one of the points.
void add_classes_alone(Plan& plan, const Study& study) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < study.points.size(); ++i)
    known.emplace(run_bytes(study.points[i].scenario), i);
  for (const Point& point : study.points) {
    auto& base = plan.base.emplace_back();
    const auto add = [&](const models::HostDescription& host) {
      for (const models::VmDescription& vm : host.vms) {
        Scenario one = alone(point.scenario, host, vm);
        const auto [at, added] = known.emplace(run_bytes(one), plan.variants.size());
        if (added) {
          const std::string where = fmt::format("vm.{} alone", vm.name);
          plan.variants.push_back({std::move(one), where, {}, {}});
        }
        base.push_back(at->second);
      }
    };
    add(point.scenario.host);
    for (const models::HostDescription& other : point.scenario.host.others) add(other);
  }
}

}  // namespace

Plan make_plan(const Study& study, const RunOptions& options, const Model& model) {
  if (study.settings.replications < 1)
    throw sim::ConfigError{
        fmt::format("study.replications: got {}, need at least 1", study.settings.replications)};
  Plan plan;
  for (const Point& point : study.points)
    plan.variants.push_back({point.scenario, text(point.at), {}, {}});
  if (!study.baseline.empty()) {
    for (std::size_t i = 0; i < study.points.size(); ++i) {
      const std::size_t base = study.baseline[i];
      plan.base.push_back(
          same_classes(study.points[i].scenario, study.points.at(base).scenario, base));
    }
  } else {
    add_classes_alone(plan, study);
  }
  for (Variant& variant : plan.variants) {
    const StudySettings& settings = variant.scenario.study;
    model.check(variant.scenario.host);
    variant.length.duration = settings.duration;
    variant.length.until_tests_end = settings.until_tests_end;
    variant.length.warmup =
        settings.warmup ? *settings.warmup : model.automatic_warmup(variant.scenario.host);
    if (!options.journal.empty()) variant.run_text = run_text(variant.scenario);
  }
  return plan;
}

}  // namespace scenarios
