// Keys by their path, "vm.guest.count", in a document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// The parts between the dots; one empty part of an empty path.
std::vector<std::string> segments(std::string_view path);

// A workload given by name becomes a table that uses it, so that its keys can be set.
void open_table(Node& node);

// Sets `key`; a "vm." key goes to the class of that name, "vm.*" to all.
void set_key(Node& document, const std::string& key, const Location& key_at, const Node& value,
             Problems& problems);

// Where the deepest part of the path that the document has stands.
Location position(const Node& document, const std::string& key);

}  // namespace scenarios
