#include "scenarios/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "scenarios/key_path.hpp"
#include "scenarios/section.hpp"

namespace scenarios {
namespace {

constexpr std::size_t kMostPoints = 100'000;  // of a sweep: a day of computing

std::string shown_value(const Node& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, sweep_value(value));
}

// The baseline of a study in which `key` has but one value: without the key, or none at all.
void fix_in_baseline(Node& document, const std::string& key, const Node& value,
                     std::vector<std::string>& notes) {
  Entry* report = find(document, "report");
  Entry* baseline = report != nullptr ? find(report->value, "baseline") : nullptr;
  Entry* own = baseline != nullptr ? find(baseline->value, key) : nullptr;
  if (own == nullptr) return;
  const auto erase = [](Node& table, const std::string& name) {
    std::erase_if(*table.table(), [&](const Entry& entry) { return entry.key == name; });
  };
  if (same(sweep_value(own->value), sweep_value(value))) {
    erase(baseline->value, key);
    return;
  }
  notes.push_back(
      fmt::format("the baseline, {} = {}, is no point any more: each VM class is compared with one "
                  "VM of it alone on the host, or where it is alone at each point, with the first",
                  key, shown_value(own->value)));
  erase(report->value, "baseline");
}

// "vm.guest.vcpus, vm.guest.memory": those that are swept together.
std::vector<std::string> keys_of(std::string_view names) {
  std::vector<std::string> all;
  for (std::size_t from = 0; from <= names.size();) {
    const std::size_t end = std::min(names.find(',', from), names.size());
    std::string_view one = names.substr(from, end - from);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    one.remove_suffix(one.size() - (one.find_last_not_of(' ') + 1));
    all.emplace_back(one);
    from = end + 1;
  }
  return all;
}

std::vector<Node::Array> steps_of(const Entry& entry, Problems& problems) {
  const std::size_t keys = keys_of(entry.key).size();
  std::vector<Node::Array> steps;
  for (const Node& value : *entry.value.array()) {
    if (keys == 1) {
      steps.push_back({value});
    } else if (value.array() != nullptr && value.array()->size() == keys) {
      steps.push_back(*value.array());
    } else {
      expect(problems, value, fmt::format("sweep.\"{}\"", entry.key),
             fmt::format("an array of {} values, one of each key", keys));
    }
  }
  return steps;
}

// Of the keys that are swept together, one is not any more. A key of its own leaves no name.
void leave_out(Entry& entry, const std::string& key) {
  const std::vector<std::string> keys = keys_of(entry.key);
  const auto at = std::find(keys.begin(), keys.end(), key) - keys.begin();
  std::vector<std::string> kept = keys;
  kept.erase(kept.begin() + at);
  entry.key = fmt::format("{}", fmt::join(kept, ", "));
  auto* steps = std::get_if<Node::Array>(&entry.value.value);
  if (kept.empty() || steps == nullptr) return;
  for (Node& step : *steps) {
    auto* values = std::get_if<Node::Array>(&step.value);
    if (values == nullptr || values->size() != keys.size()) continue;
    values->erase(values->begin() + at);
    if (kept.size() == 1) step = Node{values->front()};
  }
}

}  // namespace

std::vector<SweepKeys> swept(const Node& document, Problems& problems) {
  std::vector<SweepKeys> all;
  const Entry* sweep = find(document, "sweep");
  if (sweep == nullptr) return all;
  if (sweep->value.table() == nullptr) {
    expect(problems, sweep->value, "sweep", "a table");
    return all;
  }
  std::size_t points = 1;
  std::set<std::string> known;
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
    SweepKeys keys{keys_of(entry.key), entry.key_at, steps_of(entry, problems)};
    if (keys.steps.empty()) continue;
    for (const std::string& key : keys.keys) {
      if (!known.insert(key).second)
        problems.add(entry.key_at, fmt::format("sweep: {} is there twice", key));
    }
    all.push_back(std::move(keys));
    points *= std::min(all.back().steps.size(), kMostPoints + 1);
    if (points > kMostPoints) {
      problems.add(entry.key_at, fmt::format("sweep: more than {} points", kMostPoints));
      return {};  // none of them is read
    }
  }
  return all;
}

Coordinates set_step(Node& document, const SweepKeys& keys, std::size_t step,
                     const std::vector<Override>& overrides, Problems& problems) {
  Coordinates at;
  for (std::size_t k = 0; k < keys.keys.size(); ++k) {
    const std::string& key = keys.keys[k];
    const Node& value = keys.steps[step][k];
    set_key(document, key, keys.at, value, problems);
    at.emplace_back(key, sweep_value(value));
    for (const Override& override : overrides) {
      if (!override.key.starts_with(key + ".")) continue;
      const Node below = parse_value(override.value, "--set " + override.key);
      set_key(document, override.key, below.at, below, problems);
    }
  }
  return at;
}

void fix_swept(Node& document, const std::string& key, const Node& value,
               std::vector<std::string>& notes, Problems& problems) {
  Entry* sweep = find(document, "sweep");
  if (sweep == nullptr || sweep->value.table() == nullptr) return;
  Node::Table& table = *sweep->value.table();
  const auto same_key = [&](const std::string& own) {
    return own == key || matches(segments(key), segments(own));
  };
  const std::string shown = shown_value(value);
  std::vector<std::string> fixed;
  for (Entry& entry : table) {
    for (const std::string& own : keys_of(entry.key)) {
      if (same_key(own)) {
        notes.push_back(fmt::format("{} = {} as given, its sweep is left out", own, shown));
        leave_out(entry, own);
        fixed.push_back(own);
      } else if (matches(segments(own), segments(key))) {
        problems.add(value.at, fmt::format("{}: the study sweeps {} of all; set that", key, own));
      }
    }
  }
  std::erase_if(table, [](const Entry& entry) { return entry.key.empty(); });
  for (const std::string& own : fixed) fix_in_baseline(document, own, value, notes);
}

namespace {

// An array or a table as TOML writes it, in a line.
std::string written(const Node& node) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (node.table() != nullptr) {
    for (const Entry& entry : *node.table())
      add(fmt::format("{} = {}", entry.key, written(entry.value)));
    return fmt::format("{{{}}}", text);
  }
  if (const std::string* own = node.text())
    return fmt::format("\"{}\"", *own);  // told apart: whole
  if (node.array() == nullptr) return described(node);
  for (const Node& element : *node.array()) add(written(element));
  return fmt::format("[{}]", text);
}

}  // namespace

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

SweepValue sweep_value(const Node& node) {
  if (const auto* text = node.text()) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) return *number;
  if (const auto* real = std::get_if<double>(&node.value)) return *real;
  if (const auto* truth = std::get_if<bool>(&node.value)) return *truth;
  return written(node);
}

std::string text(const Coordinates& at) {
  std::string all;
  for (const auto& [key, value] : at) {
    const std::string shown = std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
    all += fmt::format("{}{} = {}", all.empty() ? "" : ", ", key, shown);
  }
  return all.empty() ? "the scenario" : all;
}

}  // namespace scenarios
