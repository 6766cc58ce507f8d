#include "scenarios/general.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "scenarios/host_keys.hpp"
#include "scenarios/library.hpp"
#include "scenarios/server_keys.hpp"
#include "scenarios/uncertain.hpp"
#include "scenarios/vm_keys.hpp"
#include "scenarios/vmm_keys.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

using Group = General::Group;

bool any_matches(const std::vector<KeyPath>& patterns, const KeyPath& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const KeyPath& pattern) { return matches(pattern, path); });
}

// A group and by what it is moved.
struct Move {
  const Group* group;
  double factor;
  bool felt = false;
};

// Scales what groups mean in a table as write_table() gives it.
class Scaler {
 public:
  Scaler(std::vector<Move>& moves, const std::vector<KeyPath>& stated)
      : moves_{moves}, stated_{stated} {}

  // The keys that may be scaled, as the table at `path` sees them.
  Wanted wanted(const KeyPath& path) const {
    Wanted keys;
    for (const Move& move : moves_)
      keys.insert(keys.end(), move.group->keys.begin(), move.group->keys.end());
    for (const std::string& part : path) keys = below(keys, part);
    return keys;
  }

  // Leaves in `table` only what changed, and what stands in one array with it.
  bool scale_table(Json& table, KeyPath& path) const {
    std::vector<std::string> unchanged;
    const std::string kind =
        table.contains("kind") && table["kind"].is_string() ? table["kind"].get<std::string>() : "";
    const bool device = !path.empty() && path.back() == "device";
    for (const auto& [key, value] : table.items()) {
      const bool other_kind = device && value.is_object() && key != kind;
      path.push_back(key);
      if (other_kind || !scale(value, path)) unchanged.push_back(key);
      path.pop_back();
    }
    for (const std::string& key : unchanged) table.erase(key);
    return !table.empty();
  }

 private:
  bool scale(Json& value, KeyPath& path) const {
    if (value.is_object()) return scale_table(value, path);
    if (value.is_array()) return scale_array(value, path);
    if (value.is_number_float()) {
      const auto moved = scaled(value.get<double>(), path);
      if (moved) value = *moved;
      return moved.has_value();
    }
    if (!value.is_string()) return false;
    const auto text = value.get<std::string>();
    double number = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || *end != ' ') return false;
    const auto moved = scaled(number, path);
    if (moved) value = fmt::format("{}{}", *moved, end);
    return moved.has_value();
  }

  bool scale_array(Json& array, KeyPath& path) const {
    Json kept = Json::array();
    bool any = false;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const Json& element = array[i];
      if (!element.is_object()) return false;
      const bool named = element.contains("name") && element["name"].is_string();
      path.push_back(named ? element["name"].get<std::string>() : fmt::format("{}", i));
      Json changed = element;
      Json& whole = kept.emplace_back(element);
      if (scale_table(changed, path)) {
        any = true;
        whole.merge_patch(changed);
      }
      path.pop_back();
    }
    if (any) array = std::move(kept);
    return any;
  }

  std::optional<double> scaled(double value, const KeyPath& path) const {
    for (Move& move : moves_) {
      const Group& group = *move.group;
      if (!any_matches(group.keys, path)) continue;
      if (value <= group.above || any_matches(stated_, path)) return std::nullopt;
      double moved = group.above + (value - group.above) * move.factor;
      if (group.low && moved < *group.low) moved = std::min(value, *group.low);
      if (group.high && moved > *group.high) moved = std::max(value, *group.high);
      if (moved == value) return std::nullopt;
      move.felt = true;
      return moved;
    }
    return std::nullopt;
  }

  std::vector<Move>& moves_;
  const std::vector<KeyPath>& stated_;
};

// Whether what changed is to be read into the scenario, or only what is felt is asked for.
enum class Apply { yes, no };

// One table of the scenario: what of it changes is read into it again.
template <class T>
void scale_part(const Scaler& scaler, const Section<T>& section, T& object, KeyPath path,
                Apply apply) {
  Json table = write_some(section, object, scaler.wanted(path));
  if (!scaler.scale_table(table, path) || apply == Apply::no) return;
  Problems out_of_range;  // such a key keeps its value
  const Node node = parse_json(table.dump(), std::string{kGeneralFile});
  read_table(section, object, node, fmt::format("{}", fmt::join(path, ".")), out_of_range);
}

void scale_host(const Scaler& scaler, models::HostDescription& host, Apply apply) {
  scale_part(scaler, host_keys(), host, {"host"}, apply);
  scale_part(scaler, vmm_keys(), host.vmm, {"vmm"}, apply);
  for (models::VmDescription& vm : host.vms)
    scale_part(scaler, vm_keys(), vm, {"vm", vm.name}, apply);
  for (models::StorageServer& server : host.servers)
    scale_part(scaler, server_keys(), server, {"cluster", "storage", server.name}, apply);
  for (models::HostDescription& other : host.others) scale_host(scaler, other, apply);
}

// Whether any VM of any host is one of which `is` holds.
template <class Is>
bool any_vm(const models::HostDescription& host, const Is& is) {
  return std::any_of(host.vms.begin(), host.vms.end(), is) ||
         std::any_of(host.others.begin(), host.others.end(),
                     [&](const auto& other) { return any_vm(other, is); });
}

bool met(const std::string& need, const models::HostDescription& host) {
  using Vm = models::VmDescription;
  if (need == "compute") return any_vm(host, [](const Vm& vm) { return !vm.workload.idle; });
  if (need == "disk") return any_vm(host, [](const Vm& vm) { return !vm.disks.empty(); });
  if (need == "net") return any_vm(host, [](const Vm& vm) { return !vm.nics.empty(); });
  if (need == "guest") return host.vmm.architecture != models::Architecture::container;
  if (need == "merging") return host.vmm.ksm.run;
  if (need == "boot") return any_vm(host, [](const Vm& vm) { return vm.workload.boot.any(); });
  if (need == "paging")
    return host.vmm.numa_balancing || !host.migrations.empty() ||
           models::memory_may_run_short(host) || any_vm(host, [](const Vm& vm) {
             return vm.dirty_logging != models::DirtyLogging::off || vm.workload.boot.any();
           });
  if (!need.empty()) throw sim::ModelError{"the general table needs an unknown \"" + need + "\""};
  return true;
}

template <class T>
T value_of(const Node& table, std::string_view key, const T& standard) {
  const Entry* entry = find(table, key);
  if (entry == nullptr) return standard;
  return std::get<T>(entry->value.value);
}

double share_of(const Node& table, std::string_view key) {
  const std::string text = value_of<std::string>(table, key, "0 %");
  double percent = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), percent);
  return percent / 100.0;
}

std::optional<double> bound_of(const Node& table, std::string_view key) {
  if (find(table, key) == nullptr) return std::nullopt;
  return value_of<double>(table, key, 0.0);
}

// Tables that hosts and storage servers have alike.
const std::set<std::string_view> kOfStorage{"disk", "array", "volume"};

Group group_of(const Node& table) {
  Group group;
  group.name = value_of<std::string>(table, "name", "");
  for (const Node& key : value_of<Node::Array>(table, "keys", {})) {
    const KeyPath& own = group.keys.emplace_back(segments(*key.text()));
    if (own.front() != "host" || own.size() < 2 || !kOfStorage.contains(own[1])) continue;
    KeyPath served{"cluster", "storage", "*"};  // a storage server's, too
    served.insert(served.end(), own.begin() + 1, own.end());
    group.keys.push_back(std::move(served));
  }
  group.deviation = share_of(table, "deviation");
  group.above = value_of<double>(table, "above", 0.0);
  group.low = bound_of(table, "low");
  group.high = bound_of(table, "high");
  group.needs = value_of<std::string>(table, "needs", "");
  group.source = value_of<std::string>(table, "source", "");
  return group;
}

General parsed() {
  const Node& file = document(*find_preset("uncertainty", "general"));
  General all;
  for (const Node& table : *find(file, "group")->value.array())
    all.groups.push_back(group_of(table));
  for (int subject = 0; subject < models::kSubjects; ++subject) {
    const auto own = static_cast<models::Subject>(subject);
    const Entry* table = find(find(file, "discrepancy")->value, models::name(own));
    all.errors.discrepancy[static_cast<std::size_t>(subject)] = share_of(table->value, "deviation");
  }
  all.errors.repeatability = share_of(find(file, "measurement")->value, "deviation");
  return all;
}

}  // namespace

const General& general() {
  static const General all = parsed();
  return all;
}

void add_stated(const Node& table, const KeyPath& path, std::vector<KeyPath>& stated) {
  const Entry* entries = find(table, "uncertain");
  if (entries == nullptr || entries->value.array() == nullptr) return;
  for (const Node& entry : *entries->value.array()) {
    const Entry* key = find(entry, "key");
    if (key == nullptr || key->value.text() == nullptr) continue;
    KeyPath& own = stated.emplace_back(path);
    for (std::string& part : segments(*key->value.text())) own.push_back(std::move(part));
  }
}

void add_stated(const std::vector<UncertainParameter>& found, std::vector<KeyPath>& stated) {
  for (const UncertainParameter& parameter : found) {
    KeyPath key = segments(parameter.key);
    if (key.front() != "device") {
      stated.push_back(std::move(key));
      continue;
    }
    for (const KeyPath& disk :
         {KeyPath{"host", "disk", "*"}, KeyPath{"cluster", "storage", "*", "disk", "*"}}) {
      KeyPath& own = stated.emplace_back(disk);
      own.insert(own.end(), key.begin(), key.end());
    }
  }
}

void take_general(Scenario& scenario, const std::vector<KeyPath>& stated,
                  const std::vector<Assumption>& assumed, std::vector<UncertainParameter>& found) {
  std::vector<Move> moves;
  bool apply = false;
  for (const Group& group : general().groups) {
    if (!met(group.needs, scenario.host)) continue;
    Move& move = moves.emplace_back(Move{&group, 1.0 + group.deviation});
    if (assumed.empty()) continue;
    const auto assumption = std::find_if(assumed.begin(), assumed.end(), [&](const auto& one) {
      return one.file == kGeneralFile && one.key == group.name;
    });
    move.factor = assumption != assumed.end() ? assumption->value : 1.0;
    apply |= assumption != assumed.end();
  }
  if (!apply && !assumed.empty()) return;
  scale_host(Scaler{moves, stated}, scenario.host, apply ? Apply::yes : Apply::no);
  for (const Move& move : moves) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) {
      return other.key == move.group->name;
    });
    if (!move.felt || known) continue;
    UncertainParameter parameter;
    parameter.file = kGeneralFile;
    parameter.key = move.group->name;
    parameter.value = 1.0;
    parameter.deviation = move.group->deviation;
    parameter.source = move.group->source;
    found.push_back(std::move(parameter));
  }
}

}  // namespace scenarios
