#include "validation/toml_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace validation {

void complain(Problems& problems, const std::string& file, const toml::node& node,
              std::string text) {
  const auto& at = node.source().begin;
  problems.push_back(
      {file, static_cast<int>(at.line), static_cast<int>(at.column), std::move(text)});
}

std::optional<toml::table> parse(const TextFile& file, Problems& problems) {
  try {
    return toml::parse(file.text, file.name);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    problems.push_back({file.name, static_cast<int>(at.line), static_cast<int>(at.column),
                        std::string{error.description()}});
    return std::nullopt;
  }
}

std::vector<const toml::table*> tables_of(const toml::table& root, std::string_view key,
                                          const std::string& file, Problems& problems) {
  std::vector<const toml::table*> tables;
  const toml::node* node = root.get(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    complain(problems, file, *node, fmt::format("{0}: need tables, [[{0}]]", key));
    return tables;
  }
  for (const toml::node& element : *array) {
    if (const toml::table* table = element.as_table())
      tables.push_back(table);
    else
      complain(problems, file, element, fmt::format("{0}: need tables, [[{0}]]", key));
  }
  return tables;
}

std::optional<std::string> text_of(const toml::table& table, std::string_view key,
                                   const std::string& file, Problems& problems) {
  const toml::node* node = table.get(key);
  const auto text = node != nullptr ? node->value_exact<std::string>() : std::nullopt;
  if (text && !text->empty()) return text;
  complain(problems, file, node != nullptr ? *node : table,
           fmt::format("{}: {}, need text", key, node != nullptr ? "empty or no text" : "missing"));
  return std::nullopt;
}

std::optional<double> number_of(const toml::node& node, std::string_view what,
                                const std::string& file, Problems& problems) {
  const auto number = node.is_number() ? node.value<double>() : std::nullopt;
  if (number && std::isfinite(*number)) return number;
  complain(problems, file, node,
           number ? fmt::format("{}: got {}, need a finite number", what, *number)
                  : fmt::format("{}: need a number", what));
  return std::nullopt;
}

void throw_if_any(Problems problems) {
  if (!problems.empty()) throw scenarios::ScenarioError{std::move(problems)};
}

}  // namespace validation
