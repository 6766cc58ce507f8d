#include "scenarios/key_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "scenarios/nearest.hpp"

namespace scenarios {
namespace {

bool is_named(const Node& element, std::string_view word) {
  const Entry* name = find(element, "name");
  return name != nullptr && name->value.text() != nullptr && *name->value.text() == word;
}

const Node* element_named(const Node::Array& array, std::string_view name) {
  const auto found = std::find_if(array.begin(), array.end(),
                                  [&](const Node& element) { return is_named(element, name); });
  return found == array.end() ? nullptr : &*found;
}

void set_below(Node& node, const std::vector<std::string>& path, std::size_t depth,
               const Location& key_at, const Node& value);

// An array's elements go by their names; without one, all of them are meant.
void set_in_array(Node::Array& array, const std::vector<std::string>& path, std::size_t depth,
                  const Location& key_at, const Node& value) {
  const bool all = path[depth] == "*";
  bool found = false;
  for (Node& element : array) {
    if (!(all || is_named(element, path[depth])) || depth + 1 == path.size()) continue;
    set_below(element, path, depth + 1, key_at, value);
    found = true;
  }
  if (found) return;
  for (Node& element : array) set_below(element, path, depth, key_at, value);
}

void set_below(Node& node, const std::vector<std::string>& path, std::size_t depth,
               const Location& key_at, const Node& value) {
  if (Node::Array* array = std::get_if<Node::Array>(&node.value)) {
    set_in_array(*array, path, depth, key_at, value);
    return;
  }
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

}  // namespace

bool matches(const KeyPath& pattern, const KeyPath& path) {
  const bool any_depth = pattern.back() == "*" && path.size() > pattern.size();
  if (pattern.size() != path.size() && !any_depth) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] != "*" && pattern[i] != path[i]) return false;
  return true;
}

Wanted below(const Wanted& patterns, std::string_view key) {
  Wanted left;
  for (const std::span<const std::string> pattern : patterns) {
    if (pattern.empty() || (pattern.front() != "*" && pattern.front() != key)) continue;
    const bool any_depth = pattern.size() == 1 && pattern.front() == "*";
    left.push_back(any_depth ? pattern : pattern.subspan(1));
  }
  return left;
}

KeyPath segments(std::string_view path) {
  KeyPath parts{""};
  bool quoted = false;  // as in sweep."vm.guest.count"
  for (const char c : path) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

void open_table(Node& node) {
  if (const std::string* name = node.text()) {
    Node::Table table;
    table.push_back({"use", node.at, Node{node.at, *name}});
    node.value = std::move(table);
  }
}

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
  problems.add(key_at, fmt::format("{}: no [[vm]] is named \"{}\"{}", key,
                                   path.size() > 1 ? path[1] : "", did_you_mean(path[1], names)));
}

namespace {

struct Place {
  Location at;
  const Node* node;
};

Place place(const Node& document, const std::string& key) {
  Place found{document.at, &document};
  const KeyPath path = segments(key);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t bracket = path[i].find('[');
    const Entry* entry = find(*found.node, path[i].substr(0, bracket));
    if (entry == nullptr) break;
    found = {entry->key_at, &entry->value};
    if (found.node->array() == nullptr) continue;
    const Node::Array& array = *found.node->array();
    const Node* element = nullptr;
    if (bracket != std::string::npos) {
      const auto index = static_cast<std::size_t>(std::atoi(path[i].c_str() + bracket + 1));
      if (index < array.size()) element = &array[index];
    } else if (i + 1 < path.size()) {
      element = element_named(array, path[i + 1]);
      if (element != nullptr) {
        ++i;
      } else if (array.size() == 1) {
        element = &array.front();
      }
    }
    if (element == nullptr) break;
    found = {element->at, element};
  }
  return found;
}

}  // namespace

Location position(const Node& document, const std::string& key) {
  return place(document, key).at;
}

Location position_of_mistake(const Node& document, const std::string& message) {
  const Place found = place(document, message.substr(0, message.find(':')));
  if (found.node->array() == nullptr) return found.at;
  const Node::Array& array = *found.node->array();
  const auto spoken_of = [&](const Node& element) {
    const Entry* name = find(element, "name");
    const std::string* word = name != nullptr ? name->value.text() : element.text();
    return word != nullptr && message.find('"' + *word + '"') != std::string::npos;
  };
  const auto last = std::find_if(array.rbegin(), array.rend(), spoken_of);
  return last != array.rend() ? last->at : found.at;
}

}  // namespace scenarios
