#include "scenarios/uncertain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "scenarios/key_path.hpp"

namespace scenarios {
namespace {

constexpr std::string_view kTable = "uncertain";

// Every node that the path means: one, or with `*` one of each element.
void collect(Node& node, const std::vector<std::string>& path, std::size_t depth,
             std::vector<Node*>& into) {
  if (depth == path.size()) {
    into.push_back(&node);
    return;
  }
  if (path[depth] == "*") {
    if (auto* array = std::get_if<Node::Array>(&node.value)) {
      for (Node& element : *array) collect(element, path, depth + 1, into);
    }
  } else if (Entry* entry = find(node, path[depth])) {
    collect(entry->value, path, depth + 1, into);
  }
}

// Whether a table that overrides others says anything about the key. Arrays replace whole.
bool decides(const Node& over, const std::vector<std::string>& path) {
  const Node* node = &over;
  for (const std::string& part : path) {
    if (part == "*") return true;
    const Entry* entry = find(*node, part);
    if (entry == nullptr) return false;
    node = &entry->value;
  }
  return true;
}

const std::string* key_of(const Node& entry) {
  const Entry* key = find(entry, "key");
  return key != nullptr ? key->value.text() : nullptr;
}

// A number and what is written behind it.
struct Written {
  double number = 0.0;
  std::string unit;
};

std::optional<Written> written(const Node& node) {
  if (const auto* real = std::get_if<double>(&node.value)) return Written{*real, ""};
  if (const auto* whole = std::get_if<std::int64_t>(&node.value))
    return Written{static_cast<double>(*whole), ""};
  if (node.text() == nullptr) return std::nullopt;
  const std::string& text = *node.text();
  Written result;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  if (error != std::errc{}) return std::nullopt;
  const auto unit = std::find_if(end, text.data() + text.size(), [](char c) { return c != ' '; });
  result.unit.assign(unit, text.data() + text.size());
  return result;
}

// A key of a kind that is exact, whatever its value: another value is so, too.
bool exact(const Node& entry) {
  const Entry* deviation = find(entry, "deviation");
  if (deviation == nullptr) return false;
  const auto stated = written(deviation->value);
  return stated && stated->number == 0.0;
}

// Reads one [[uncertain]] entry of a table whose other keys are in place.
class Reader {
 public:
  Reader(Node& table, std::string_view name, const Node& entry, Problems& problems)
      : table_{table},
        path_{fmt::format("{}.{}", name, kTable)},
        entry_{entry},
        problems_{problems} {
    parameter_.file = entry.at.file ? *entry.at.file : std::string{};
  }

  // The parameter and the nodes that hold its value; nothing when something is wrong.
  std::optional<UncertainParameter> read(std::string_view name, std::vector<Node*>& values) {
    if (entry_.table() == nullptr) return refuse(entry_, "a table");
    for (const Entry& field : *entry_.table()) {
      if (!known(field.key)) return refuse_key(field);
    }
    const std::string* key = key_of(entry_);
    if (key == nullptr) return refuse(entry_, "key = \"...\", a key of this table");
    parameter_.key = fmt::format("{}.{}", name, *key);
    values = values_of(table_, *key);
    if (values.empty()) {
      // Each of none: "link.*.latency" of a host without links.
      const Entry* list = find(table_, key->substr(0, key->find(".*")));
      if (list != nullptr && list->value.array() != nullptr && list->value.array()->empty())
        return std::nullopt;
      return refuse(find(entry_, "key")->value, "a key that this table has");
    }
    if (!read_value(values) || !read_spread()) return std::nullopt;
    if (const Entry* source = find(entry_, "source")) {
      if (source->value.text() == nullptr) return refuse(source->value, "text in quotes");
      parameter_.source = *source->value.text();
    }
    if (!read_correlation(name)) return std::nullopt;
    return parameter_;
  }

 private:
  static bool known(std::string_view key) {
    static constexpr std::string_view kKeys[] = {"key",  "deviation", "low",
                                                 "high", "source",    "correlation"};
    return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
  }

  std::nullopt_t refuse(const Node& node, std::string_view need) {
    expect(problems_, node, path_, need);
    return std::nullopt;
  }
  std::nullopt_t refuse_key(const Entry& field) {
    problems_.add(field.key_at,
                  fmt::format("{}.{}: unknown key, need key, deviation, low, high, source or "
                              "correlation",
                              path_, field.key));
    return std::nullopt;
  }

  bool read_value(const std::vector<Node*>& values) {
    const auto first = written(*values.front());
    if (!first) {
      refuse(find(entry_, "key")->value, "the key of a number or a quantity");
      return false;
    }
    for (const Node* other : values) {
      const auto one = written(*other);
      if (one && one->number == first->number && one->unit == first->unit) continue;
      refuse(find(entry_, "key")->value, "elements with one common value");
      return false;
    }
    parameter_.value = first->number;
    parameter_.unit = first->unit;
    return true;
  }

  // A number in the key's own unit, or for a deviation a share of its value.
  std::optional<double> number(std::string_view name, bool share_allowed) {
    const Entry* field = find(entry_, name);
    if (field == nullptr) return std::nullopt;
    const auto given = written(field->value);
    const bool finite = given && std::isfinite(given->number);
    if (finite && given->unit == parameter_.unit) return given->number;
    if (finite && share_allowed && given->unit == "%")
      return given->number / 100.0 * std::abs(parameter_.value);
    refuse(field->value,
           parameter_.unit.empty()
               ? std::string{"a number"}
               : fmt::format("a quantity in {}, the unit of the key's value", parameter_.unit));
    failed_ = true;
    return std::nullopt;
  }

  bool read_spread() {
    parameter_.low = number("low", false);
    parameter_.high = number("high", false);
    const auto deviation = number("deviation", true);
    if (failed_) return false;
    const bool bounded = parameter_.low && parameter_.high;
    if (deviation) {
      parameter_.deviation = *deviation;
    } else if (bounded) {
      parameter_.deviation = (*parameter_.high - *parameter_.low) / std::sqrt(12.0);  // uniform
    }
    const bool inside = (!parameter_.low || *parameter_.low <= parameter_.value) &&
                        (!parameter_.high || parameter_.value <= *parameter_.high);
    const bool stated = deviation ? *deviation >= 0.0 : parameter_.deviation > 0.0;
    // No key with a unit takes less than zero.
    if (!parameter_.unit.empty() && parameter_.low && *parameter_.low < 0.0) {
      refuse(find(entry_, "low")->value, "zero or more, as the key's value");
      return false;
    }
    if (stated && inside) return true;
    refuse(entry_, !inside ? std::string{"bounds around the key's value"}
                           : std::string{"deviation, 0 where it is exact, or low and high"});
    return false;
  }

  bool read_correlation(std::string_view name) {
    const Entry* field = find(entry_, "correlation");
    if (field == nullptr) return true;
    if (field->value.table() == nullptr) {
      refuse(field->value, "a table of keys and coefficients");
      return false;
    }
    for (const Entry& other : *field->value.table()) {
      const auto coefficient = written(other.value);
      if (!coefficient || !coefficient->unit.empty() || !(std::abs(coefficient->number) <= 1.0)) {
        refuse(other.value, "a coefficient from -1 to 1");
        return false;
      }
      parameter_.correlation[fmt::format("{}.{}", name, other.key)] = coefficient->number;
    }
    return true;
  }

  Node& table_;
  std::string path_;
  const Node& entry_;
  Problems& problems_;
  UncertainParameter parameter_;
  bool failed_ = false;
};

void assume(const UncertainParameter& parameter, const std::vector<Assumption>& assumed,
            const std::vector<Node*>& values) {
  for (const Assumption& assumption : assumed) {
    if (assumption.file != parameter.file || assumption.key != parameter.key) continue;
    for (Node* node : values) {
      if (parameter.unit.empty()) {
        node->value = assumption.value;
      } else {
        node->value = text(parameter, assumption.value);
      }
    }
  }
}

}  // namespace

void merge_uncertain(Node& base, Node& over) {
  if (base.table() == nullptr || over.table() == nullptr) return;
  Entry* stated = find(base, kTable);
  if (stated != nullptr) {
    if (auto* entries = std::get_if<Node::Array>(&stated->value.value)) {
      std::erase_if(*entries, [&](const Node& entry) {
        const std::string* key = key_of(entry);
        return key != nullptr && !exact(entry) && decides(over, segments(*key));
      });
    }
  }
  Entry* own = find(over, kTable);
  if (own == nullptr || stated == nullptr || own->value.array() == nullptr) return;
  auto* entries = std::get_if<Node::Array>(&stated->value.value);
  if (entries == nullptr) return;
  for (const Node& entry : *own->value.array()) entries->push_back(entry);
  std::erase_if(*over.table(), [](const Entry& entry) { return entry.key == kTable; });
}

void take_uncertain(Node& node, std::string_view table, const std::vector<Assumption>& assumed,
                    std::vector<UncertainParameter>& found, Problems& problems) {
  Entry* stated = find(node, kTable);
  if (stated == nullptr) return;
  const Node entries = std::move(stated->value);
  std::erase_if(*node.table(), [](const Entry& entry) { return entry.key == kTable; });
  if (entries.array() == nullptr)
    return expect(problems, entries, fmt::format("{}.{}", table, kTable),
                  fmt::format("an array of tables: write [[{}.{}]]", table, kTable));
  for (const Node& entry : *entries.array()) {
    std::vector<Node*> values;
    const auto parameter = Reader{node, table, entry, problems}.read(table, values);
    if (!parameter) continue;
    assume(*parameter, assumed, values);
    const bool known = std::any_of(found.begin(), found.end(), [&](const auto& other) {
      return other.file == parameter->file && other.key == parameter->key;
    });
    if (!known) found.push_back(*parameter);
  }
}

std::vector<Node*> values_of(Node& table, std::string_view key) {
  std::vector<Node*> values;
  collect(table, segments(key), 0, values);
  return values;
}

std::string text(const UncertainParameter& parameter, double value) {
  return parameter.unit.empty() ? fmt::format("{}", value)
                                : fmt::format("{} {}", value, parameter.unit);
}

}  // namespace scenarios
