#include "scenarios/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>

#include "scenarios/cluster_keys.hpp"
#include "scenarios/disk_shares.hpp"
#include "scenarios/expand.hpp"
#include "scenarios/fio_job.hpp"
#include "scenarios/general.hpp"
#include "scenarios/host_defaults.hpp"
#include "scenarios/io_keys.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/keys.hpp"
#include "scenarios/library.hpp"
#include "scenarios/nearest.hpp"
#include "scenarios/node.hpp"
#include "scenarios/plausible.hpp"
#include "scenarios/point_checks.hpp"
#include "scenarios/report.hpp"
#include "scenarios/room.hpp"
#include "scenarios/section.hpp"
#include "scenarios/server_keys.hpp"
#include "scenarios/smt.hpp"
#include "scenarios/sweep.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

// What reading a point needs to know, and what it finds out of uncertain numbers.
struct Uncertainty {
  const std::vector<Assumption>& assumed;
  const Variables& variables;
  std::vector<std::string>& notes;  // of the study
  std::vector<UncertainParameter> found{};
  std::vector<UncertainParameter> general{};
  std::vector<KeyPath> stated{};  // keys of workloads that have entries of their own
};

void read_vms(const Node& vms, models::HostDescription& host, Uncertainty& uncertainty,
              Problems& problems) {
  if (vms.array() == nullptr) {
    return expect(problems, vms, "vm", "an array of tables: write [[vm]], not [vm]");
  }
  std::set<std::string> names;
  for (const Node& given : *vms.array()) {
    Node node = given;
    const Entry* name = find(node, "name");
    if (name == nullptr || name->value.text() == nullptr || name->value.text()->empty()) {
      problems.add(node.at, "vm: each [[vm]] needs a name, e.g. name = \"guest\"");
      continue;
    }
    const std::string own = *name->value.text();
    const std::string path = "vm." + own;
    const bool plain = std::all_of(own.begin(), own.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
    if (!plain) {
      problems.add(name->value.at,
                   fmt::format("{}: a name is made of letters, digits, - and _", path));
    }
    if (!names.insert(own).second) {
      problems.add(name->value.at, fmt::format("{}: two [[vm]] tables have this name", path));
    }
    if (Entry* workload = find(node, "workload")) {
      open_table(workload->value);
      prepare_fio_job(workload->value);
      expand(workload->value, "workload", problems);
      expand_fio_job(workload->value, path + ".workload", uncertainty.variables, uncertainty.notes,
                     problems);
      fill_tests(workload->value);
      add_stated(workload->value, {"vm", own, "workload"}, uncertainty.stated);
      take_uncertain(workload->value, "workload", uncertainty.assumed, uncertainty.found, problems);
    } else {
      problems.add(node.at, fmt::format("{}.workload: need one, e.g. workload = \"kernel-compile\" "
                                        "(`tenancy list workloads`)",
                                        path));
    }
    if (find(node, "memory") == nullptr) {
      problems.add(node.at, fmt::format("{}.memory: need a size, e.g. memory = \"2 GiB\"", path));
    }
    read_vm(host.vms.emplace_back(), node, path, problems);
    if (host.vms.back().count == 0) host.vms.pop_back();
  }
}

// What a point cannot feel: costs of disks without disks; memory where no process computes, as the
// guests' kernels that serve their I/O hardly leave their caches.
void drop_unfelt(const models::HostDescription& host, std::vector<UncertainParameter>& found) {
  bool disks = false, computes = false;
  const auto look = [&](const models::HostDescription& one) {
    for (const models::VmDescription& vm : one.vms) {
      disks = disks || !vm.disks.empty();
      computes = computes || !vm.workload.idle;
    }
  };
  look(host);
  for (const models::HostDescription& other : host.others) look(other);
  std::erase_if(found, [&](const UncertainParameter& parameter) {
    const std::string_view key = parameter.key;
    if (parameter.deviation == 0.0) return true;  // exact
    if (key.starts_with("vmm.block.") || key.starts_with("device.")) return !disks;
    if (key.starts_with("host.controller.") || key.starts_with("host.link.")) return !computes;
    return false;
  });
}

// Tests take as long as they take, unless the study says how long it lasts.
void end_with_tests(const Node& document, Scenario& scenario) {
  constexpr double kMost_s = 3600;
  const Entry* study = find(document, "study");
  const auto says = [&](std::string_view key) {
    return study != nullptr && find(study->value, key) != nullptr;
  };
  const bool tests = std::any_of(scenario.host.vms.begin(), scenario.host.vms.end(),
                                 [](const auto& vm) { return !vm.workload.tests.empty(); });
  if (!tests || says("duration")) return;
  if (!says("until_tests_end")) scenario.study.until_tests_end = true;
  if (scenario.study.until_tests_end) scenario.study.duration = sim::from_seconds(kMost_s);
}

// `room`: of what its host has too little.
Scenario read_point(Node document, Uncertainty& all, Problems& problems, Problems& room) {
  Scenario scenario;
  Uncertainty uncertainty{all.assumed, all.variables, all.notes};
  number_hosts(document, problems);
  if (const Entry* study = find(document, "study"))
    read_study(scenario.study, study->value, problems);
  if (Entry* host = find(document, "host")) {
    note_threads(host->value, all.notes);
    expand(host->value, "host", problems);
    note_cores(host->value, all.notes);
    take_uncertain(host->value, "host", uncertainty.assumed, uncertainty.found, problems);
    expand_devices(host->value, uncertainty.assumed, uncertainty.found, problems);
    read_host(scenario.host, host->value, problems);
  } else {
    problems.add(document.at,
                 "host: the scenario needs one, e.g. [host] use = \"opteron-6272-4s\" "
                 "(`tenancy list hosts`)");
  }
  if (Entry* vmm = find(document, "vmm")) {
    expand(vmm->value, "vmm", problems);
    take_uncertain(vmm->value, "vmm", uncertainty.assumed, uncertainty.found, problems);
    read_vmm(scenario.host.vmm, vmm->value, problems);
  }
  if (const Entry* vms = find(document, "vm")) {
    read_vms(vms->value, scenario.host, uncertainty, problems);
  } else {
    problems.add(document.at, "vm: the scenario needs a guest, e.g. [[vm]] name = \"guest\"");
  }
  end_with_tests(document, scenario);
  read_cluster(document, scenario.host, uncertainty.assumed, uncertainty.found, problems);
  if (const Entry* model = find(document, "model")) {
    read_model(scenario.host.without, model->value, problems);
  }
  add_stated(uncertainty.found, uncertainty.stated);
  take_general(scenario, uncertainty.stated, all.assumed, all.general);
  drop_unfelt(scenario.host, uncertainty.found);
  for (UncertainParameter& parameter : uncertainty.found) {
    const bool known = std::any_of(all.found.begin(), all.found.end(), [&](const auto& other) {
      return other.file == parameter.file && other.key == parameter.key;
    });
    if (!known) all.found.push_back(std::move(parameter));
  }
  if (problems.empty()) check_point(document, scenario.host, problems, room);
  if (problems.empty() && all.assumed.empty()) check_plausible(document, scenario.host, problems);
  return scenario;
}

// Returns [point] what its host is too small for.
std::vector<Problems> read_points(const Node& document, const std::vector<SweepKeys>& keys,
                                  const std::vector<Override>& overrides, Study& study,
                                  Uncertainty& uncertainty, Problems& problems) {
  std::vector<std::size_t> digits(keys.size(), 0);
  std::vector<Problems> of_points, room;
  std::vector<std::string> where;
  for (bool more = true; more;) {
    Node at_point = document;
    Point point;
    Problems own;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const Coordinates at = set_step(at_point, keys[k], digits[k], overrides, own);
      point.at.insert(point.at.end(), at.begin(), at.end());
    }
    point.scenario = read_point(std::move(at_point), uncertainty, own, room.emplace_back());
    of_points.push_back(std::move(own));
    where.push_back(text(point.at));
    if (study.points.empty()) study.settings = point.scenario.study;
    study.points.push_back(std::move(point));
    more = false;
    for (std::size_t k = keys.size(); k-- > 0 && !more;) {
      more = ++digits[k] < keys[k].steps.size();
      if (!more) digits[k] = 0;
    }
  }
  problems.add_points(of_points, where);
  return room;
}

Study read_document(Node document, const std::string& name, const ReadOptions& options,
                    const std::optional<std::set<std::size_t>>& kept) {
  Problems problems;
  // A result's own file holds the scenario it came from.
  std::size_t results = 0;
  if (const Entry* inner = find(document, "scenario"), *points = find(document, "points");
      inner != nullptr && points != nullptr) {
    if (points->value.array() != nullptr) results = points->value.array()->size();
    Node scenario = inner->value;
    document = std::move(scenario);
  }
  if (document.table() == nullptr || document.table()->empty())
    throw ScenarioError{{{name, 1, 1, "the file is empty; `tenancy list studies` shows examples"}}};
  if (document.at.line == 0) document.at.line = document.at.column = 1;
  static const std::vector<std::string_view> known{"study",   "host",  "vmm",   "vm",    "cluster",
                                                   "migrate", "model", "sweep", "report"};
  std::erase_if(*document.table(), [&](const Entry& entry) {
    return std::find(options.ignore.begin(), options.ignore.end(), entry.key) !=
           options.ignore.end();
  });
  for (const Entry& entry : *document.table()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    problems.add(entry.key_at,
                 fmt::format("{}: unknown table{}", entry.key, did_you_mean(entry.key, known)));
  }
  Study study;
  study.file = name;
  if (results > 1)
    study.notes.push_back(
        fmt::format("{} holds the results of {} points; what is run again is the first of them",
                    name, results));
  for (const Override& override : options.overrides) {
    const Node value = parse_value(override.value, "--set " + override.key);
    set_key(document, override.key, value.at, value, problems);
    fix_swept(document, override.key, value, study.notes, problems);
  }
  const std::vector<SweepKeys> keys = swept(document, problems);
  Uncertainty uncertainty{options.assumed, options.variables, study.notes};
  const std::vector<Problems> room =
      read_points(document, keys, options.overrides, study, uncertainty, problems);
  study.uncertain = std::move(uncertainty.found);
  study.general = std::move(uncertainty.general);
  read_report(document, study, problems);
  leave_out(study, room, kept, problems);
  problems.raise();
  note_disk_shares(study);
  return study;
}

bool looks_like_json(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())).starts_with('{');
}

Study read_kept(std::string_view text, const std::string& name, const ReadOptions& options,
                const std::optional<std::set<std::size_t>>& kept) {
  Study study = read_document(
      looks_like_json(text) ? parse_json(text, name) : parse_toml(text, name), name, options, kept);
  study.text = text;
  study.options = options;
  return study;
}

}  // namespace

Study read_text(std::string_view text, const std::string& name, const ReadOptions& options) {
  return read_kept(text, name, options, {});
}

Study read_again(const Study& study, const std::vector<Assumption>& assumed) {
  ReadOptions options = study.options;
  options.assumed = assumed;
  return read_kept(study.text, study.file, options, study.kept);
}

Study read_file(const std::string& path, const ReadOptions& options) {
  if (path == "-") {
    const std::string text{std::istreambuf_iterator<char>{std::cin}, {}};
    return read_text(text, "<stdin>", options);
  }
  if (const auto text = file_text(path)) return read_text(*text, path, options);
  if (const Preset* study = find_preset("studies", path)) {
    return read_text(study->text, fmt::format("scenarios/studies/{}.toml", path), options);
  }
  std::vector<std::string_view> names;
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind == "studies") names.push_back(preset.name);
  }
  const std::string near = nearest(path, names);
  throw ScenarioError{
      {{path, 0, 0,
        fmt::format("cannot read this file, and no study of the library has this name{}; "
                    "`tenancy list studies`",
                    near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near))}}};
}

}  // namespace scenarios
