// A parsed document as a tree that remembers where each value stood.
//
// Our own, because toml++ forgets positions when nodes are copied, and a sweep copies the document
// for every point. TOML and JSON both end up here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace scenarios {

struct Location {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
};

struct Entry;

struct Node {
  using Array = std::vector<Node>;
  using Table = std::vector<Entry>;  // in the order written
  Location at;
  std::variant<std::string, std::int64_t, double, bool, Array, Table> value;

  const Table* table() const { return std::get_if<Table>(&value); }
  Table* table() { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
};

struct Entry {
  std::string key;
  Location key_at;
  Node value;
};

inline const Entry* find(const Node& node, std::string_view key) {
  if (node.table() == nullptr) return nullptr;
  for (const Entry& entry : *node.table()) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

inline Entry* find(Node& node, std::string_view key) {
  return const_cast<Entry*>(find(std::as_const(node), key));
}

// Parse a document; throw ScenarioError (read.hpp) with the position of what is broken.
Node parse_toml(std::string_view text, const std::string& name);
Node parse_json(std::string_view text, const std::string& name);
// One TOML value, as the command line gives it; text that is no TOML value is taken as a string.
Node parse_value(const std::string& text, const std::string& name);

// What the value is, for messages: `20`, `"x"`, `a table`.
std::string described(const Node& node);

}  // namespace scenarios
