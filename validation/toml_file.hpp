// One TOML file being read: its tables, and the mistakes found so far with their places.
#pragma once

#include <toml++/toml.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/read.hpp"
#include "validation/source_files.hpp"

namespace validation {

using Problems = std::vector<scenarios::Problem>;

// Adds "file:line:col: text" for the place of a node.
void complain(Problems& problems, const std::string& file, const toml::node& node,
              std::string text);

// The parsed file, or nothing and a problem when its syntax is broken.
std::optional<toml::table> parse(const TextFile& file, Problems& problems);

// The tables of `[[key]]`, in order; another type under that key is a problem.
std::vector<const toml::table*> tables_of(const toml::table& root, std::string_view key,
                                          const std::string& file, Problems& problems);

// A non-empty string under `key`, or nothing and a problem.
std::optional<std::string> text_of(const toml::table& table, std::string_view key,
                                   const std::string& file, Problems& problems);

// A finite number, or nothing and a problem that calls it `what`.
std::optional<double> number_of(const toml::node& node, std::string_view what,
                                const std::string& file, Problems& problems);

// Throws scenarios::ScenarioError when there is a problem.
void throw_if_any(Problems problems);

}  // namespace validation
