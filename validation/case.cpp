#include "validation/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "validation/toml_file.hpp"

namespace validation {

namespace {

template <std::size_t N>
void refuse_unknown_keys(const toml::table& table, const std::array<std::string_view, N>& known,
                         const std::string& file, Problems& problems) {
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    const auto& at = key.source().begin;
    problems.push_back(
        {file, static_cast<int>(at.line), static_cast<int>(at.column),
         fmt::format("{}: unknown key, known are {}", key.str(), fmt::join(known, ", "))});
  }
}

std::optional<scenarios::SweepValue> sweep_value(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto whole = node.value_exact<std::int64_t>()) return *whole;
  if (const auto number = node.value_exact<double>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  return std::nullopt;
}

scenarios::Coordinates coordinates_of(const toml::table& owner, const std::string& file,
                                      Problems& problems) {
  scenarios::Coordinates at;
  const toml::node* node = owner.get("at");
  if (node == nullptr) return at;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    complain(problems, file, *node, "at: need a table, { \"vm.guest.count\" = 24 }");
    return at;
  }
  for (const auto& [key, value] : *table) {
    if (auto coordinate = sweep_value(value))
      at.emplace_back(std::string{key.str()}, std::move(*coordinate));
    else
      complain(problems, file, value, fmt::format("at: {}: need text or a number", key.str()));
  }
  return at;
}

MetricAt metric_at(const toml::table& table, const std::string& file, Problems& problems) {
  return {text_of(table, "metric", file, problems).value_or(""),
          coordinates_of(table, file, problems)};
}

std::optional<MetricAt> relative_to(const toml::table& table, const std::string& file,
                                    Problems& problems) {
  const toml::node* node = table.get("relative_to");
  if (node == nullptr) return std::nullopt;
  const toml::table* other = node->as_table();
  if (other == nullptr) {
    complain(problems, file, *node, "relative_to: need a table, { metric = \"...\", at = {} }");
    return std::nullopt;
  }
  refuse_unknown_keys<2>(*other, {"metric", "at"}, file, problems);
  return metric_at(*other, file, problems);
}

std::optional<Best> best_of(const toml::table& table, const std::string& file, Problems& problems) {
  const toml::node* node = table.get("best");
  if (node == nullptr) return std::nullopt;
  const toml::table* own = node->as_table();
  if (own == nullptr) {
    complain(problems, file, *node, "best: need a table, { metric = \"...\", over = \"...\" }");
    return std::nullopt;
  }
  refuse_unknown_keys<2>(*own, {"metric", "over"}, file, problems);
  Best best{text_of(*own, "metric", file, problems).value_or(""), ""};
  if (own->contains("over")) best.over = text_of(*own, "over", file, problems).value_or("");
  return best;
}

double number_or(const toml::table& table, std::string_view key, double otherwise,
                 const std::string& file, Problems& problems) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return otherwise;
  return number_of(*node, key, file, problems).value_or(otherwise);
}

// Of `with`.
std::map<std::string, double> numbers_of(const toml::table& table, const std::string& file,
                                         Problems& problems) {
  std::map<std::string, double> numbers;
  const toml::node* node = table.get("with");
  if (node == nullptr) return numbers;
  if (node->as_table() == nullptr) {
    complain(problems, file, *node, "with: need a table of numbers, { n = 8 }");
    return numbers;
  }
  for (const auto& [key, value] : *node->as_table()) {
    if (const auto number = number_of(value, key.str(), file, problems))
      numbers.emplace(std::string{key.str()}, *number);
  }
  return numbers;
}

bool flag(const toml::table& table, std::string_view key, const std::string& file,
          Problems& problems) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<bool>();
  if (!value) complain(problems, file, *node, fmt::format("{}: need true or false", key));
  return value.value_or(false);
}

Check read_check(const toml::table& table, const std::string& file, Problems& problems) {
  refuse_unknown_keys<12>(table,
                          {"point", "value", "metric", "at", "relative_to", "difference", "inverse",
                           "scale", "offset", "above", "with", "best"},
                          file, problems);
  Check check;
  check.line = static_cast<int>(table.source().begin.line);
  check.column = static_cast<int>(table.source().begin.column);
  check.point = text_of(table, "point", file, problems).value_or("");
  if (table.contains("value")) check.value = text_of(table, "value", file, problems).value_or("");
  check.predicted = metric_at(table, file, problems);
  check.relative_to = relative_to(table, file, problems);
  check.best = best_of(table, file, problems);
  check.difference = flag(table, "difference", file, problems);
  check.inverse = flag(table, "inverse", file, problems);
  check.scale = number_or(table, "scale", 1.0, file, problems);
  check.offset = number_or(table, "offset", 0.0, file, problems);
  check.with = numbers_of(table, file, problems);
  if (table.contains("above")) check.above = number_or(table, "above", 0.0, file, problems);
  return check;
}

// Which metric each value is, for checks that name none.
std::map<std::string, std::string> read_values(const toml::table& root, const std::string& file,
                                               Problems& problems) {
  std::map<std::string, std::string> metrics;
  const toml::node* node = root.get("values");
  if (node == nullptr) return metrics;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    complain(problems, file, *node,
             "values: need a table, { \"read.count\" = \"vm.guest.image.reads\" }");
    return metrics;
  }
  for (const auto& [key, value] : *table) {
    if (const auto metric = text_of(*table, key.str(), file, problems))
      metrics.emplace(std::string{key.str()}, *metric);
  }
  return metrics;
}

void read_checks(const toml::table& root, Case& into, Problems& problems) {
  const std::string& file = into.file.name;
  const std::map<std::string, std::string> metrics = read_values(root, file, problems);
  for (const toml::table* table : tables_of(root, "check", file, problems)) {
    if (metrics.empty() || table->contains("metric")) {
      into.checks.push_back(read_check(*table, file, problems));
      continue;
    }
    for (const auto& [value, metric] : metrics) {
      toml::table one = *table;
      one.insert_or_assign("metric", metric);
      Check check = read_check(one, file, problems);
      check.line = static_cast<int>(table->source().begin.line);
      check.column = static_cast<int>(table->source().begin.column);
      check.value = value;
      check.of_table = true;
      into.checks.push_back(std::move(check));
    }
  }
}

UncoveredRule read_rule(const toml::table& table, const std::string& file, Problems& problems) {
  refuse_unknown_keys<3>(table, {"id", "subsystem", "reason"}, file, problems);
  UncoveredRule rule;
  if (table.contains("id")) rule.id = text_of(table, "id", file, problems).value_or("");
  if (table.contains("subsystem"))
    rule.subsystem = text_of(table, "subsystem", file, problems).value_or("");
  if (rule.id.empty() && rule.subsystem.empty())
    complain(problems, file, table, "uncovered: need an id, a subsystem, or both");
  rule.reason = text_of(table, "reason", file, problems).value_or("");
  return rule;
}

}  // namespace

bool UncoveredRule::fits(const Point& point) const {
  if (!subsystem.empty() && subsystem != point.subsystem) return false;
  if (id.ends_with('*')) return point.id.starts_with(id.substr(0, id.size() - 1));
  return id.empty() || id == point.id;
}

bool is_uncovered_table(const std::string& name) {
  return name == "uncovered.toml" || name.ends_with("/uncovered.toml");
}

CaseLibrary read_cases(const std::vector<TextFile>& files) {
  Problems problems;
  CaseLibrary library;
  for (const TextFile& file : files) {
    const auto root = parse(file, problems);
    if (!root) continue;
    if (is_uncovered_table(file.name)) {
      refuse_unknown_keys<1>(*root, {"uncovered"}, file.name, problems);
      for (const toml::table* table : tables_of(*root, "uncovered", file.name, problems))
        library.uncovered.push_back(read_rule(*table, file.name, problems));
      continue;
    }
    Case read{file, {}};
    read_checks(*root, read, problems);
    if (!root->contains("check"))
      problems.push_back({file.name, 1, 1, "no [[check]] in it, need at least one"});
    library.cases.push_back(std::move(read));
  }
  throw_if_any(std::move(problems));
  return library;
}

}  // namespace validation
