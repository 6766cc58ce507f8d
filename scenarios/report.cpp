#include "scenarios/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/metric_kind.hpp"
#include "models/results.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/limit.hpp"
#include "scenarios/nearest.hpp"
#include "scenarios/section.hpp"
#include "scenarios/select.hpp"
#include "scenarios/sweep.hpp"

namespace scenarios {

bool is_metric(std::string_view name) {
  if (const std::string_view absolute = models::relative_of(name); !absolute.empty())
    return models::relative_of(absolute).empty() && is_metric(absolute);
  if (name.starts_with("cluster.")) {
    const std::size_t host = name.find(".host.");
    return host != std::string_view::npos && is_metric(name.substr(host + 1));
  }
  const auto& known = models::metric_catalogue();
  return std::any_of(known.begin(), known.end(), [&](const auto& kind) {
    return models::matched(kind.name, name) > 0 ||
           models::matched(kind.name, fmt::format("vm.any.{}", name)) > 0;
  });
}

std::string nearest_metric(std::string_view word) {
  constexpr std::string_view kVm = "vm.<vm>.";
  std::vector<std::string_view> names;
  for (const auto& kind : models::metric_catalogue()) {
    std::string_view name = kind.name;
    if (name.starts_with(kVm)) name.remove_prefix(kVm.size());
    names.push_back(name);
  }
  return did_you_mean(word, names);
}

std::string no_such_vm(std::string_view metric, const std::vector<std::string_view>& names) {
  const KeyPath parts = segments(metric);
  if (parts.size() < 3 || parts[0] != "vm") return {};
  if (std::find(names.begin(), names.end(), parts[1]) != names.end()) return {};
  return fmt::format("no [[vm]] is named \"{}\"{}", parts[1], did_you_mean(parts[1], names));
}

namespace {

// Whether two points agree in those of their keys.
bool agree(const Coordinates& one, const Coordinates& other, const std::vector<std::size_t>& keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [&](std::size_t k) { return same(one[k].second, other[k].second); });
}

// Keys whose values these points differ in.
std::vector<std::size_t> open_keys(const Study& study, const std::vector<std::size_t>& points) {
  const Coordinates& first = study.points[points.front()].at;
  std::vector<std::size_t> open;
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (std::any_of(points.begin(), points.end(), [&](std::size_t p) {
          return !same(study.points[p].at[k].second, first[k].second);
        }))
      open.push_back(k);
  }
  return open;
}

void read_baseline(const Entry& entry, Study& study, Problems& problems) {
  if (entry.value.table() == nullptr) {
    return expect(problems, entry.value, "report.baseline", "a table of sweep keys and values");
  }
  if (entry.value.table()->empty() && study.points.size() > 1) {
    study.notes.push_back("report.baseline names no key that is swept, so it is none");
    return;
  }
  std::vector<std::size_t> matches;
  for (std::size_t p = 0; p < study.points.size(); ++p) {
    bool all = true;
    for (const Entry& wanted : *entry.value.table()) {
      const Coordinates& at = study.points[p].at;
      const auto found = std::find_if(at.begin(), at.end(), [&](const auto& coordinate) {
        return coordinate.first == wanted.key;
      });
      if (found == at.end()) {
        problems.add(wanted.key_at,
                     fmt::format("report.baseline: \"{}\" is not a key of [sweep]", wanted.key));
        return;
      }
      all = all && same(found->second, sweep_value(wanted.value));
    }
    if (all) matches.push_back(p);
  }
  if (matches.empty())
    return problems.add(entry.key_at, "report.baseline: none of the sweep's points fits");
  // What it leaves open is at each point as it is there: each workload is compared with itself.
  const std::vector<std::size_t> open = open_keys(study, matches);
  std::vector<std::size_t> baseline;
  for (const Point& point : study.points) {
    const auto own = std::find_if(matches.begin(), matches.end(), [&](std::size_t p) {
      return agree(study.points[p].at, point.at, open);
    });
    if (own == matches.end())
      return problems.add(entry.key_at,
                          fmt::format("report.baseline: fits no point that is like {} in the keys "
                                      "that it does not name",
                                      text(point.at)));
    baseline.push_back(*own);
  }
  study.baseline = std::move(baseline);
}

// Those of the points, some of which stand for several hosts' classes, and those of which there are
// none.
std::vector<std::string_view> all_vm_names(const Node& document, const Study& study) {
  std::vector<std::string_view> names = vm_names(study);
  const Entry* vms = find(document, "vm");
  if (vms == nullptr || vms->value.array() == nullptr) return names;
  for (const Node& vm : *vms->value.array()) {
    const Entry* name = find(vm, "name");
    if (name != nullptr && name->value.text() != nullptr) names.push_back(*name->value.text());
  }
  return names;
}

bool one_vm(const Scenario& scenario) {
  int vms = 0;
  const auto count = [&](const models::HostDescription& host) {
    for (const models::VmDescription& vm : host.vms) vms += vm.arrives ? 0 : vm.count;
  };
  count(scenario.host);
  for (const models::HostDescription& other : scenario.host.others) count(other);
  return vms == 1;
}

// A VM that is alone at each point would be compared with itself, and do 100 % of that at all of
// them. What the sweep is about shows against its first point, unless it is about the work.
void compare_with_first(Study& study) {
  if (!study.baseline.empty() || study.points.size() < 2) return;
  const Coordinates& swept = study.points.front().at;
  const bool other_work = std::any_of(swept.begin(), swept.end(), [](const auto& key) {
    return key.first.find(".workload") != std::string::npos;
  });
  const bool alone = std::all_of(study.points.begin(), study.points.end(),
                                 [](const Point& point) { return one_vm(point.scenario); });
  if (other_work || !alone) return;
  study.baseline.assign(study.points.size(), 0);
  study.notes.push_back(
      "each point has one VM, which would be compared with itself: all points "
      "are compared with the first one; report.baseline = {...} names another");
}

// What a sweep changes of each point's baseline, too, is not in the ratio to it.
void note_own_baselines(Study& study) {
  if (!study.baseline.empty() || study.points.size() < 2) return;
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : study.points.front().at) {
    if (!key.ends_with(".count")) keys.push_back(key);
  }
  if (keys.empty()) return;
  study.notes.push_back(fmt::format(
      "each class is compared with one VM of it alone under the point's own {}: what "
      "that changes of a lone VM is not in the ratio; report.baseline = {{...}} compares "
      "with a point",
      fmt::join(keys, ", ")));
}

void settle_baseline(Study& study) {
  compare_with_first(study);
  note_own_baselines(study);
}

// Where requests come by themselves, how long they take says how a VM fares.
void compare_latencies(Study& study) {
  std::set<std::string> names;
  const auto add = [&](const models::HostDescription& host) {
    for (const models::VmDescription& vm : host.vms) {
      if (vm.workload.arrivals.count() > 0) names.insert(vm.name);
    }
  };
  for (const Point& point : study.points) {
    add(point.scenario.host);
    for (const models::HostDescription& other : point.scenario.host.others) add(other);
  }
  for (const std::string& name : names)
    study.relative.push_back(fmt::format("vm.{}.latency.p99", name));
}

}  // namespace

void read_report(const Node& document, Study& study, Problems& problems) {
  compare_latencies(study);
  const Entry* report = find(document, "report");
  if (report == nullptr) return settle_baseline(study);
  if (report->value.table() == nullptr) return expect(problems, report->value, "report", "a table");
  const std::vector<std::string_view> names = all_vm_names(document, study);
  for (const Entry& entry : *report->value.table()) {
    if (entry.key == "baseline") {
      read_baseline(entry, study, problems);
    } else if (entry.key == "show" && entry.value.array() != nullptr) {
      for (const Node& metric : *entry.value.array()) {
        if (metric.text() == nullptr || !is_metric(*metric.text())) {
          expect(problems, metric, "report.show",
                 fmt::format("a metric's name (`tenancy keys --metrics`){}",
                             metric.text() != nullptr ? nearest_metric(*metric.text()) : ""));
          continue;
        }
        if (const std::string wrong = no_such_vm(*metric.text(), names); !wrong.empty()) {
          problems.add(metric.at, fmt::format("report.show: \"{}\": {}", *metric.text(), wrong));
          continue;
        }
        study.show.push_back(*metric.text());
        if (const auto absolute = models::relative_of(*metric.text()); !absolute.empty())
          study.relative.emplace_back(absolute);
      }
    } else if (entry.key != "limit") {
      problems.add(entry.key_at, fmt::format("report.{}: need baseline = {{...}}, show = [...] or "
                                             "limit = \"...\"",
                                             entry.key));
    }
  }
  settle_baseline(study);
  // Behind the baseline, which decides what can be relative to it.
  if (const Entry* limit = find(report->value, "limit"))
    read_limits(limit->value, names, study, problems);
}

}  // namespace scenarios
