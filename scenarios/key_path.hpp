// Keys by their path, "vm.guest.count", in a document.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// The parts of a key. In a pattern * stands for any one part, at its end for any number.
using KeyPath = std::vector<std::string>;
bool matches(const KeyPath& pattern, const KeyPath& path);

// Patterns as a table sees them: what is left of each behind the table's own key.
using Wanted = std::vector<std::span<const std::string>>;
// The same as one of its keys sees them; empty: neither that key nor one below it is meant.
Wanted below(const Wanted& patterns, std::string_view key);

// The parts between the dots; one empty part of an empty path.
KeyPath segments(std::string_view path);

// A workload given by name becomes a table that uses it, so that its keys can be set.
void open_table(Node& node);

// Sets `key`; a "vm." key goes to the class of that name, "vm.*" to all.
void set_key(Node& document, const std::string& key, const Location& key_at, const Node& value,
             Problems& problems);

// Where the deepest part of the path that the document has stands. In an array of tables an element
// goes by its name or its index: "vm.guest.disk[1].on", "host.array.array0.level".
Location position(const Node& document, const std::string& key);
// The same of a mistake, "host.array.md0.disks: no disk is named \"sdx\"", whose key is an array:
// of its elements the last that it quotes.
Location position_of_mistake(const Node& document, const std::string& message);

}  // namespace scenarios
