#include "scenarios/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/results.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/nearest.hpp"
#include "scenarios/section.hpp"

namespace scenarios {
namespace {

constexpr std::size_t kMostPoints = 100'000;  // of a sweep: a day of computing

bool same(const SweepValue& a, const SweepValue& b) {
  const auto number = [](const SweepValue& v) -> std::optional<double> {
    if (const auto* whole = std::get_if<std::int64_t>(&v)) return static_cast<double>(*whole);
    if (const auto* real = std::get_if<double>(&v)) return *real;
    return {};
  };
  const auto x = number(a);
  const auto y = number(b);
  return x && y ? *x == *y : a == b;
}

void read_baseline(const Entry& entry, Study& study, Problems& problems) {
  if (entry.value.table() == nullptr) {
    return expect(problems, entry.value, "report.baseline", "a table of sweep keys and values");
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
  if (matches.size() == 1) {
    study.baseline = matches.front();
  } else {
    problems.add(entry.key_at,
                 fmt::format("report.baseline: {} of the sweep's points fit, need exactly one",
                             matches.empty() ? "none" : std::to_string(matches.size())));
  }
}

}  // namespace

std::vector<SweepKey> sweep_keys(const Node& document, Problems& problems) {
  std::vector<SweepKey> keys;
  const Entry* sweep = find(document, "sweep");
  if (sweep == nullptr) return keys;
  if (sweep->value.table() == nullptr) {
    expect(problems, sweep->value, "sweep", "a table");
    return keys;
  }
  std::size_t points = 1;
  for (const Entry& entry : *sweep->value.table()) {
    if (entry.value.table() != nullptr) {
      expect(problems, entry.value, "sweep." + entry.key,
             "keys in quotes, e.g. \"vm.guest.count\" = [1, 16, 64]");
      continue;
    }
    if (entry.value.array() == nullptr || entry.value.array()->empty()) {
      expect(problems, entry.value, "sweep." + entry.key, "an array of values, e.g. [1, 16, 64]");
      continue;
    }
    keys.push_back({entry.key, entry.key_at, *entry.value.array()});
    points *= std::min(keys.back().values.size(), kMostPoints + 1);
    if (points > kMostPoints) {
      problems.add(entry.key_at, fmt::format("sweep: more than {} points", kMostPoints));
      break;
    }
  }
  return keys;
}

SweepValue sweep_value(const Node& node) {
  if (const auto* text = node.text()) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) return *number;
  if (const auto* real = std::get_if<double>(&node.value)) return *real;
  if (const auto* truth = std::get_if<bool>(&node.value)) return *truth;
  std::string text = "[";
  if (node.array() != nullptr) {
    for (const Node& element : *node.array()) {
      text += (text.size() > 1 ? ", " : "") + described(element);
    }
  }
  return text + "]";
}

std::string text(const Coordinates& at) {
  std::string all;
  for (const auto& [key, value] : at) {
    const std::string shown = std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
    all += fmt::format("{}{} = {}", all.empty() ? "" : ", ", key, shown);
  }
  return all.empty() ? "the scenario" : all;
}

bool is_metric(std::string_view name) {
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

namespace {

// Why no point of the study has the metric, if it is one of a VM class; else empty.
std::string no_such_vm(std::string_view metric, const Study& study) {
  const KeyPath parts = segments(metric);
  if (parts.size() < 3 || parts[0] != "vm") return {};
  std::vector<std::string_view> names;
  for (const Point& point : study.points) {
    const models::HostDescription& host = point.scenario.host;
    for (const models::VmDescription& vm : host.vms) names.push_back(vm.name);
    for (const models::HostDescription& other : host.others)
      for (const models::VmDescription& vm : other.vms) names.push_back(vm.name);
  }
  if (std::find(names.begin(), names.end(), parts[1]) != names.end()) return {};
  return fmt::format("no [[vm]] is named \"{}\"{}", parts[1], did_you_mean(parts[1], names));
}

}  // namespace

void read_report(const Node& document, Study& study, Problems& problems) {
  const Entry* report = find(document, "report");
  if (report == nullptr) return;
  if (report->value.table() == nullptr) return expect(problems, report->value, "report", "a table");
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
        if (const std::string wrong = no_such_vm(*metric.text(), study); !wrong.empty()) {
          problems.add(metric.at, fmt::format("report.show: \"{}\": {}", *metric.text(), wrong));
          continue;
        }
        study.show.push_back(*metric.text());
      }
    } else {
      problems.add(entry.key_at,
                   fmt::format("report.{}: need baseline = {{...}} or show = [...]", entry.key));
    }
  }
}

}  // namespace scenarios
