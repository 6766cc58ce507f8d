#include <fmt/format.h>

#include <toml++/toml.h>
#include <nlohmann/json.hpp>

#include "scenarios/node.hpp"
#include "scenarios/read.hpp"

namespace scenarios {
namespace {

using File = std::shared_ptr<const std::string>;

Location location(const toml::source_region& source, const File& file) {
  return {file, static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

Node converted(const toml::node& from, const File& file) {
  Node node;
  node.at = location(from.source(), file);
  if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* number = from.as_integer()) {
    node.value = number->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.value = real->get();
  } else if (const auto* truth = from.as_boolean()) {
    node.value = truth->get();
  } else if (const auto* array = from.as_array()) {
    Node::Array elements;
    for (const toml::node& element : *array) elements.push_back(converted(element, file));
    node.value = std::move(elements);
  } else if (const auto* table = from.as_table()) {
    Node::Table entries;
    for (const auto& [key, value] : *table) {
      Entry& entry = entries.emplace_back();
      entry.key = key.str();
      entry.key_at = location(key.source(), file);
      entry.value = converted(value, file);
    }
    // toml++ sorts keys; the order written matters to sweeps.
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair{a.key_at.line, a.key_at.column} < std::pair{b.key_at.line, b.key_at.column};
    });
    node.value = std::move(entries);
  } else {
    throw ScenarioError{
        {{*file, node.at.line, node.at.column, "dates and times are not used here"}}};
  }
  return node;
}

Node converted(const nlohmann::ordered_json& from, const File& file) {
  Node node;
  node.at = {file, 0, 0};
  if (from.is_string()) {
    node.value = from.get<std::string>();
  } else if (from.is_number_integer()) {
    node.value = from.get<std::int64_t>();
  } else if (from.is_number()) {
    node.value = from.get<double>();
  } else if (from.is_boolean()) {
    node.value = from.get<bool>();
  } else if (from.is_array()) {
    Node::Array elements;
    for (const auto& element : from) elements.push_back(converted(element, file));
    node.value = std::move(elements);
  } else if (from.is_object()) {
    Node::Table entries;
    for (const auto& [key, value] : from.items()) {
      Entry& entry = entries.emplace_back();
      entry.key = key;
      entry.key_at = node.at;
      entry.value = converted(value, file);
    }
    node.value = std::move(entries);
  } else {
    throw ScenarioError{{{*file, 0, 0, "null is not a value"}}};
  }
  return node;
}

// Bytes that no text file has, reported by line before the parser trips over them.
void refuse_binary(std::string_view text, const std::string& name) {
  int line = 1;
  for (const char c : text) {
    line += c == '\n';
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) throw ScenarioError{{{name, line, 1, "not a text file: it holds a NUL byte"}}};
  }
}

}  // namespace

Node parse_toml(std::string_view text, const std::string& name) {
  refuse_binary(text, name);
  const auto file = std::make_shared<const std::string>(name);
  try {
    return converted(static_cast<const toml::node&>(toml::parse(text, name)), file);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw ScenarioError{{{name, static_cast<int>(begin.line), static_cast<int>(begin.column),
                          fmt::format("not TOML: {}", error.description())}}};
  }
}

Node parse_json(std::string_view text, const std::string& name) {
  try {
    return converted(nlohmann::ordered_json::parse(text),
                     std::make_shared<const std::string>(name));
  } catch (const nlohmann::json::parse_error& error) {
    const auto before = text.substr(0, error.byte);
    const int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    throw ScenarioError{{{name, line, 1, fmt::format("not JSON: {}", error.what())}}};
  }
}

namespace {

// What the command line gives has no lines.
void forget_positions(Node& node, const File& file) {
  node.at = {file, 0, 0};
  if (Node::Array* elements = std::get_if<Node::Array>(&node.value)) {
    for (Node& element : *elements) forget_positions(element, file);
  }
  if (node.table() == nullptr) return;
  for (Entry& entry : *node.table()) {
    entry.key_at = {file, 0, 0};
    forget_positions(entry.value, file);
  }
}

}  // namespace

Node parse_value(const std::string& text, const std::string& name) {
  const auto file = std::make_shared<const std::string>(name);
  try {
    const toml::table table = toml::parse("value = " + text, name);
    Node node = converted(*table.get("value"), file);
    forget_positions(node, file);
    return node;
  } catch (const toml::parse_error&) {
    return {{file, 0, 0}, text};
  }
}

std::string described(const Node& node) {
  if (const auto* text = node.text()) {
    return text->size() > 60 ? fmt::format("\"{}...\"", text->substr(0, 57))
                             : fmt::format("\"{}\"", *text);
  }
  if (const auto* number = std::get_if<std::int64_t>(&node.value))
    return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&node.value)) return fmt::format("{}", *real);
  if (const auto* truth = std::get_if<bool>(&node.value)) return *truth ? "true" : "false";
  if (node.array() == nullptr) return "a table";
  return node.array()->empty() ? "an empty array" : "an array";
}

}  // namespace scenarios
