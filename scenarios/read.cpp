#include "scenarios/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <numeric>
#include <set>

#include "models/host.hpp"
#include "scenarios/expand.hpp"
#include "scenarios/keys.hpp"
#include "scenarios/library.hpp"
#include "scenarios/node.hpp"
#include "scenarios/section.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

constexpr std::size_t kMostPoints = 100'000;  // of a sweep: a day of computing
constexpr std::int64_t kMostVcpus = 262'144;  // of a host: memory of a run stays below a gigabyte

std::string listed(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& p : problems) {
    if (!text.empty()) text += '\n';
    if (p.line > 0) {
      text += fmt::format("{}:{}:{}: {}", p.file, p.line, p.column, p.text);
    } else {
      text += fmt::format("{}: {}", p.file, p.text);
    }
  }
  return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

// --- setting one key by its path --------------------------------------------------------------

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t dot; (dot = path.find('.', from)) != std::string::npos; from = dot + 1) {
    parts.push_back(path.substr(from, dot - from));
  }
  parts.push_back(path.substr(from));
  return parts;
}

// A workload given by name becomes a table that uses it, so that its keys can be set.
void open_table(Node& node) {
  if (const std::string* name = node.text()) {
    Node::Table table;
    table.push_back({"use", node.at, Node{node.at, *name}});
    node.value = std::move(table);
  }
}

void set_below(Node& node, const std::vector<std::string>& path, std::size_t depth,
               const Location& key_at, const Node& value) {
  open_table(node);
  if (node.table() == nullptr) node.value = Node::Table{};
  Entry* entry = find(node, path[depth]);
  if (entry == nullptr) {
    node.table()->push_back({path[depth], key_at, Node{value.at, Node::Table{}}});
    entry = &node.table()->back();
  }
  if (depth + 1 == path.size()) {
    entry->value = value;
    entry->key_at = key_at;
  } else {
    set_below(entry->value, path, depth + 1, key_at, value);
  }
}

// Sets `key`; a "vm." key goes to the class of that name, "vm.*" to all.
void set_key(Node& document, const std::string& key, const Location& key_at, const Node& value,
             Problems& problems) {
  const std::vector<std::string> path = segments(key);
  if (path.size() < 2 || std::count(path.begin(), path.end(), "") > 0) {
    problems.add(key_at, fmt::format("{}: need a key such as \"vm.guest.count\"", key));
    return;
  }
  if (path[0] != "vm") {
    set_below(document, path, 0, key_at, value);
    return;
  }
  Entry* vms = find(document, "vm");
  bool found = false;
  std::vector<std::string_view> names;
  if (vms != nullptr && vms->value.array() != nullptr && path.size() > 2) {
    for (Node& vm : std::get<Node::Array>(vms->value.value)) {
      const Entry* name = find(vm, "name");
      if (name == nullptr || name->value.text() == nullptr) continue;
      names.push_back(*name->value.text());
      if (path[1] != "*" && path[1] != names.back()) continue;
      set_below(vm, path, 2, key_at, value);
      found = true;
    }
  }
  if (found) return;
  const std::string near = nearest(path[1], names);
  problems.add(key_at,
               fmt::format("{}: no [[vm]] is named \"{}\"{}", key, path.size() > 1 ? path[1] : "",
                           near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
}

// --- one point --------------------------------------------------------------------------------

Location position(const Node& document, const std::string& key) {
  // The deepest part of the path that stands in the document.
  const Node* node = &document;
  Location at = document.at;
  const std::vector<std::string> path = segments(key);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Entry* entry = find(*node, path[i]);
    if (entry == nullptr) break;
    at = entry->key_at;
    node = &entry->value;
    if (path[i] != "vm" || node->array() == nullptr || i + 1 == path.size()) continue;
    for (const Node& vm : *node->array()) {
      const Entry* name = find(vm, "name");
      if (name == nullptr || name->value.text() == nullptr || *name->value.text() != path[i + 1]) {
        continue;
      }
      node = &vm;
      at = vm.at;
    }
    ++i;
  }
  return at;
}

// What reading a point needs to know, and finds out, about uncertain numbers.
struct Uncertainty {
  const std::vector<Assumption>& assumed;
  std::vector<UncertainParameter> found;
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
      expand(workload->value, "workload", problems);
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
  }
}

void check_size(const Node& document, const models::HostDescription& host, Problems& problems) {
  std::int64_t vcpus = 0;
  for (const auto& vm : host.vms) vcpus += std::int64_t{vm.count} * vm.vcpus;
  if (vcpus > kMostVcpus) {
    problems.add(position(document, "vm"),
                 fmt::format("vm: {} vCPUs in all, at most {} are simulated", vcpus, kMostVcpus));
  }
}

// The model's own view of what cannot be, placed where the key that it names stands.
void check_model(const Node& document, const models::HostDescription& host, Problems& problems) {
  try {
    models::check(host);
  } catch (const sim::ConfigError& error) {
    const std::string text = error.what();
    std::size_t from = 0;
    while (from <= text.size()) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      const std::string line = text.substr(from, end - from);
      problems.add(position(document, line.substr(0, line.find(':'))), line);
      from = end + 1;
    }
  }
}

Scenario read_point(Node document, Uncertainty& uncertainty, Problems& problems) {
  Scenario scenario;
  if (const Entry* study = find(document, "study"))
    read_study(scenario.study, study->value, problems);
  if (Entry* host = find(document, "host")) {
    expand(host->value, "host", problems);
    take_uncertain(host->value, "host", uncertainty.assumed, uncertainty.found, problems);
    read_host(scenario.host.hardware, host->value, problems);
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
  if (const Entry* model = find(document, "model")) {
    read_model(scenario.host.without, model->value, problems);
  }
  if (problems.empty()) check_size(document, scenario.host, problems);
  if (problems.empty()) check_model(document, scenario.host, problems);
  return scenario;
}

// --- the whole file -----------------------------------------------------------------------------

struct SweepKey {
  std::string key;
  Location at;
  Node::Array values;
};

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
  // Arrays (pin sets) show as they would be written.
  std::string text = "[";
  if (node.array() != nullptr) {
    for (const Node& element : *node.array()) {
      text += (text.size() > 1 ? ", " : "") + described(element);
    }
  }
  return text + "]";
}

void read_points(const Node& document, const std::vector<SweepKey>& keys, Study& study,
                 Uncertainty& uncertainty, Problems& problems) {
  std::vector<std::size_t> digits(keys.size(), 0);
  for (bool more = true; more;) {
    Node at_point = document;
    Point point;
    for (std::size_t k = 0; k < keys.size(); ++k) {
      const Node& value = keys[k].values[digits[k]];
      set_key(at_point, keys[k].key, keys[k].at, value, problems);
      point.at.emplace_back(keys[k].key, sweep_value(value));
    }
    point.scenario = read_point(std::move(at_point), uncertainty, problems);
    if (study.points.empty()) study.settings = point.scenario.study;
    study.points.push_back(std::move(point));
    more = false;
    for (std::size_t k = keys.size(); k-- > 0 && !more;) {
      more = ++digits[k] < keys[k].values.size();
      if (!more) digits[k] = 0;
    }
  }
}

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

void read_report(const Node& document, Study& study, Problems& problems) {
  const Entry* report = find(document, "report");
  if (report == nullptr) return;
  if (report->value.table() == nullptr) return expect(problems, report->value, "report", "a table");
  for (const Entry& entry : *report->value.table()) {
    if (entry.key == "baseline") {
      read_baseline(entry, study, problems);
    } else if (entry.key == "show" && entry.value.array() != nullptr) {
      for (const Node& metric : *entry.value.array()) {
        const auto& known = models::metric_catalogue();
        const bool exists = metric.text() != nullptr &&
                            std::any_of(known.begin(), known.end(), [&](const auto& kind) {
                              return kind.name == *metric.text() ||
                                     kind.name == "vm.<vm>." + *metric.text() ||
                                     (metric.text()->starts_with("vm.") &&
                                      models::unit_of(*metric.text()) != "1") ||
                                     (metric.text()->starts_with("vm.") &&
                                      metric.text()->ends_with(kind.name.substr(7)));
                            });
        if (!exists) {
          expect(problems, metric, "report.show", "a metric's name (`tenancy keys --metrics`)");
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

Study read_document(Node document, const std::string& name, const ReadOptions& options) {
  Problems problems;
  // A result's own file holds the scenario it came from.
  if (const Entry* inner = find(document, "scenario");
      inner != nullptr && find(document, "points") != nullptr) {
    Node scenario = inner->value;
    document = std::move(scenario);
  }
  if (document.table() == nullptr || document.table()->empty()) {
    throw ScenarioError{{{name, 1, 1, "the file is empty; `tenancy list studies` shows examples"}}};
  }
  if (document.at.line == 0) document.at.line = document.at.column = 1;
  static const std::vector<std::string_view> known{"study", "host",  "vmm",   "vm",
                                                   "model", "sweep", "report"};
  std::erase_if(*document.table(), [&](const Entry& entry) {
    return std::find(options.ignore.begin(), options.ignore.end(), entry.key) !=
           options.ignore.end();
  });
  for (const Entry& entry : *document.table()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const std::string near = nearest(entry.key, known);
    problems.add(entry.key_at,
                 fmt::format("{}: unknown table{}", entry.key,
                             near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
  }
  for (const Override& override : options.overrides) {
    const Node value = parse_value(override.value, "--set " + override.key);
    set_key(document, override.key, value.at, value, problems);
  }
  Study study;
  study.file = name;
  const std::vector<SweepKey> keys = sweep_keys(document, problems);
  Uncertainty uncertainty{options.assumed, {}};
  read_points(document, keys, study, uncertainty, problems);
  study.uncertain = std::move(uncertainty.found);
  read_report(document, study, problems);
  problems.raise();
  return study;
}

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace

ScenarioError::ScenarioError(std::vector<Problem> problems)
    : sim::ConfigError{listed(problems)}, problems_{std::move(problems)} {}

void Problems::raise() {
  if (list_.empty()) return;
  const auto key = [](const Problem& p) { return std::tie(p.file, p.line, p.column, p.text); };
  std::stable_sort(list_.begin(), list_.end(),
                   [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
  list_.erase(std::unique(list_.begin(), list_.end(),
                          [&](const Problem& a, const Problem& b) { return key(a) == key(b); }),
              list_.end());
  throw ScenarioError{std::move(list_)};
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return std::string{best};
}

Study read_text(std::string_view text, const std::string& name, const ReadOptions& options) {
  Study study = read_document(
      looks_like_json(text) ? parse_json(text, name) : parse_toml(text, name), name, options);
  study.text = text;
  study.options = options;
  return study;
}

Study read_again(const Study& study, const std::vector<Assumption>& assumed) {
  ReadOptions options = study.options;
  options.assumed = assumed;
  return read_text(study.text, study.file, options);
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
